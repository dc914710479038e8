// Schema 10: pins. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0010[] = R"sql(
CREATE TABLE pin (
  repository INTEGER NOT NULL,
  digest BLOB NOT NULL,
  since INTEGER NOT NULL,
  who TEXT NOT NULL,
  why TEXT NOT NULL,
  PRIMARY KEY (repository, digest)
) WITHOUT ROWID;
)sql";

}  // namespace berth::sqlite
