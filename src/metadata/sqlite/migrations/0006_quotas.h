// Schema 6: what quotas are charged. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

// Empty while no quota is configured. What is kept agrees with the content from one transaction to the next, and from
// one start to the next: whoever opens the database says which scopes are kept, and the others go.
inline constexpr char kMigration0006[] = R"sql(
CREATE TABLE quota_scope (
  id INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE
);

CREATE TABLE quota_usage (
  scope INTEGER NOT NULL,
  repository INTEGER NOT NULL, -- 0: the scope as a whole
  bytes INTEGER NOT NULL,
  pending_bytes INTEGER NOT NULL,
  manifests INTEGER NOT NULL,
  tags INTEGER NOT NULL,
  PRIMARY KEY (scope, repository)
) WITHOUT ROWID;

-- How many repositories of a scope have a blob: the scope is charged for it once.
CREATE TABLE quota_holders (
  scope INTEGER NOT NULL,
  blob BLOB NOT NULL,
  linking INTEGER NOT NULL,
  naming INTEGER NOT NULL, -- of those that link it: with a manifest that names it
  PRIMARY KEY (scope, blob)
) WITHOUT ROWID;

-- Few, if any: whoever may not push more may still push these again.
CREATE INDEX blob_missing ON blob (digest) WHERE state = 3;
)sql";

}  // namespace berth::sqlite
