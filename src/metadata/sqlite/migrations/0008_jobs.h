// Schema 8: jobs in the background. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0008[] = R"sql(
CREATE TABLE job (
  name TEXT NOT NULL PRIMARY KEY,
  state INTEGER NOT NULL, -- JobState
  started INTEGER,
  ended INTEGER,
  last_success INTEGER,
  next INTEGER,
  done INTEGER NOT NULL,
  total INTEGER NOT NULL,
  unit TEXT NOT NULL,
  result TEXT NOT NULL,
  error TEXT NOT NULL
) WITHOUT ROWID;
)sql";

}  // namespace berth::sqlite
