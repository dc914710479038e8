// Schema 9: repositories that are deleted or renamed as a whole. Never change a migration that was released: add the
// next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0009[] = R"sql(
-- Its row stays for the histories of its tags and for its trash.
ALTER TABLE repository ADD COLUMN is_deleted INTEGER NOT NULL DEFAULT 0;

-- Names that repositories had.
CREATE TABLE repository_alias (
  name TEXT NOT NULL PRIMARY KEY,
  repository INTEGER NOT NULL,
  until INTEGER NOT NULL
) WITHOUT ROWID;
)sql";

}  // namespace berth::sqlite
