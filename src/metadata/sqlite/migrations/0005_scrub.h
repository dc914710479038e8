// Schema 5: checking the stored bytes. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0005[] = R"sql(
-- When the bytes were last known to be good. A push sets it, so that the index grows at its end.
ALTER TABLE blob ADD COLUMN verified INTEGER NOT NULL DEFAULT 0;
CREATE INDEX blob_by_verified ON blob (verified, digest) WHERE state = 1;

-- Files among the blobs that have no record: they may go only a grace after they were found.
CREATE TABLE orphan_file (
  digest BLOB NOT NULL PRIMARY KEY,
  found INTEGER NOT NULL,
  seen INTEGER NOT NULL
) WITHOUT ROWID;
CREATE INDEX orphan_file_by_seen ON orphan_file (seen);
)sql";

}  // namespace berth::sqlite
