// Schema 3: collecting what nothing uses. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0003[] = R"sql(
-- Marked, and the bytes may still lie there: what a crash cut off is found without a scan.
CREATE INDEX blob_deleting ON blob (digest) WHERE state = 2;

-- What was removed, when and why; forgotten after a while. The repository is a name: it may be gone as well.
CREATE TABLE removal (
  number INTEGER PRIMARY KEY,
  at INTEGER NOT NULL,
  kind INTEGER NOT NULL, -- ReviewKind
  repository TEXT,
  digest BLOB NOT NULL,
  size INTEGER NOT NULL,
  why TEXT NOT NULL
);
CREATE INDEX removal_by_digest ON removal (digest, number);
CREATE INDEX removal_by_time ON removal (at);
)sql";

}  // namespace berth::sqlite
