// Schema 4: deleted manifests that can be brought back. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

inline constexpr char kMigration0004[] = R"sql(
CREATE TABLE trash (
  number INTEGER PRIMARY KEY AUTOINCREMENT,
  repository INTEGER NOT NULL,
  digest BLOB NOT NULL,
  media_type TEXT NOT NULL,
  artifact_type TEXT NOT NULL,
  subject BLOB,
  size INTEGER NOT NULL,
  pushed INTEGER NOT NULL,
  last_pulled INTEGER,
  annotations TEXT NOT NULL,
  trashed INTEGER NOT NULL,
  who TEXT NOT NULL,
  tags TEXT NOT NULL, -- names with spaces between
  bytes BLOB NOT NULL -- last: what stands before it is read without its overflow pages
);
CREATE UNIQUE INDEX trash_by_digest ON trash (digest, repository);
CREATE INDEX trash_by_repository ON trash (repository, number);
CREATE INDEX trash_by_time ON trash (trashed);
CREATE INDEX trash_by_subject ON trash (subject, repository) WHERE subject IS NOT NULL;

CREATE TABLE trash_reference (
  trash INTEGER NOT NULL,
  child BLOB NOT NULL,
  kind INTEGER NOT NULL, -- ReferenceKind
  PRIMARY KEY (trash, child, kind)
) WITHOUT ROWID;
CREATE INDEX trash_reference_by_child ON trash_reference (child);
)sql";

}  // namespace berth::sqlite
