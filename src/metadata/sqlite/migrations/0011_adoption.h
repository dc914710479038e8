// What was taken over from Distribution's link files, and what is still to be written into them.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0011[] = R"sql(
CREATE TABLE adoption (
  kind INTEGER PRIMARY KEY, -- AdoptionKind: the latest of each
  run INTEGER NOT NULL,     -- 1, 2, ... of all
  state INTEGER NOT NULL,   -- AdoptionState
  began INTEGER NOT NULL,
  ended INTEGER,
  repositories INTEGER NOT NULL DEFAULT 0,
  tags INTEGER NOT NULL DEFAULT 0,
  manifests INTEGER NOT NULL DEFAULT 0,
  layers INTEGER NOT NULL DEFAULT 0,
  unlinked INTEGER NOT NULL DEFAULT 0,
  uploads INTEGER NOT NULL DEFAULT 0,
  removed INTEGER NOT NULL DEFAULT 0
);
CREATE INDEX adoption_by_run ON adoption (run);

-- Read to the end, while an adoption goes on. A name as its directory is called.
CREATE TABLE adopted_repository (
  name TEXT NOT NULL PRIMARY KEY
) WITHOUT ROWID;

CREATE TABLE adoption_problem (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  repository TEXT NOT NULL,
  item TEXT NOT NULL,
  kind INTEGER NOT NULL, -- ProblemKind
  what TEXT NOT NULL,
  run INTEGER NOT NULL,  -- the last that found it
  holds INTEGER NOT NULL -- 1: nothing is removed from the storage because of it
);
CREATE UNIQUE INDEX adoption_problem_by_item ON adoption_problem (repository, item, kind);
CREATE INDEX adoption_problem_holding ON adoption_problem (number) WHERE holds = 1;

-- What changed and is to be changed in the link tree, too. The repository is a name: it may be gone.
CREATE TABLE link_queue (
  number INTEGER PRIMARY KEY AUTOINCREMENT, -- a later change of the same gets another
  kind INTEGER NOT NULL,                    -- QueuedKind
  repository TEXT NOT NULL,
  item BLOB NOT NULL                        -- a digest, or the name of a tag as text
);
CREATE UNIQUE INDEX link_queue_by_item ON link_queue (repository, kind, item);
)sql";

}  // namespace berth::sqlite
