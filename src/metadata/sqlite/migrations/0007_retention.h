// Schema 7: retention. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0007[] = R"sql(
-- All manifests of one repository, tagged or not; the rowid stands behind it.
CREATE INDEX manifest_by_repository ON manifest (repository);

-- Plans that somebody may want to carry out: what they were made from, not what they say.
CREATE TABLE retention_plan (
  id TEXT NOT NULL PRIMARY KEY,
  now INTEGER NOT NULL,
  made INTEGER NOT NULL,
  who TEXT NOT NULL,
  repository TEXT, -- null: all of them
  rules TEXT NOT NULL,
  is_configured INTEGER NOT NULL
);
CREATE INDEX retention_plan_by_made ON retention_plan (made);
)sql";

}  // namespace berth::sqlite
