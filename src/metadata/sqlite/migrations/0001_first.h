// Schema 1. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

// Digests are blobs of one byte of algorithm and the raw bytes; times are microseconds since 1970 UTC. Text compares
// bytewise (BINARY), which is the order of the catalog and the tag list. What is fetched by its whole key, and is small,
// lies in WITHOUT ROWID tables; bodies do not, since they would sit in the inner pages.
inline constexpr char kMigration0001[] = R"sql(
CREATE TABLE setting (
  name TEXT NOT NULL PRIMARY KEY,
  value TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE repository (
  id INTEGER PRIMARY KEY,
  name TEXT NOT NULL UNIQUE,
  created INTEGER NOT NULL,
  manifest_count INTEGER NOT NULL DEFAULT 0,
  is_listed INTEGER NOT NULL DEFAULT 0 -- manifest_count > 0: a column, so that counting alone leaves the index alone
);
-- The catalog lists only repositories that hold something.
CREATE INDEX repository_listed ON repository (name) WHERE is_listed = 1;

CREATE TABLE blob (
  digest BLOB NOT NULL PRIMARY KEY,
  size INTEGER NOT NULL,
  state INTEGER NOT NULL -- BlobState
) WITHOUT ROWID;

-- The digest stands first: "any repository's link" is a look-up, too.
CREATE TABLE repository_blob (
  digest BLOB NOT NULL,
  repository INTEGER NOT NULL,
  promised_until INTEGER NOT NULL,
  PRIMARY KEY (digest, repository)
) WITHOUT ROWID;

CREATE TABLE manifest (
  id INTEGER PRIMARY KEY,
  repository INTEGER NOT NULL,
  digest BLOB NOT NULL,
  media_type TEXT NOT NULL,
  artifact_type TEXT NOT NULL,
  subject BLOB,
  size INTEGER NOT NULL,
  pushed INTEGER NOT NULL,
  last_pulled INTEGER,
  promised_until INTEGER NOT NULL,
  annotations TEXT NOT NULL, -- a JSON object of strings
  bytes BLOB NOT NULL        -- last: what stands before it is read without its overflow pages
);
CREATE UNIQUE INDEX manifest_by_digest ON manifest (digest, repository);
CREATE INDEX manifest_by_subject ON manifest (subject, repository, digest) WHERE subject IS NOT NULL;
CREATE INDEX manifest_by_subject_and_type ON manifest (subject, repository, artifact_type, digest)
  WHERE subject IS NOT NULL;

CREATE TABLE manifest_reference (
  manifest INTEGER NOT NULL,
  child BLOB NOT NULL,
  kind INTEGER NOT NULL, -- ReferenceKind
  repository INTEGER NOT NULL,
  PRIMARY KEY (manifest, child, kind)
) WITHOUT ROWID;
CREATE INDEX manifest_reference_by_child ON manifest_reference (child, repository);

-- A manifest goes with its tags, references and copy in one transaction, so its number can be used again.
CREATE TABLE tag (
  repository INTEGER NOT NULL,
  name TEXT NOT NULL,
  manifest INTEGER NOT NULL,
  PRIMARY KEY (repository, name)
) WITHOUT ROWID;
CREATE INDEX tag_by_manifest ON tag (manifest, name);

CREATE TABLE tag_history (
  repository INTEGER NOT NULL,
  name TEXT NOT NULL,
  number INTEGER NOT NULL, -- 1, 2, ... of this tag
  at INTEGER NOT NULL,
  who TEXT NOT NULL,
  was BLOB,    -- null: created
  became BLOB, -- null: deleted
  PRIMARY KEY (repository, name, number)
) WITHOUT ROWID;

-- The repository is a name here: an upload alone makes no repository.
CREATE TABLE upload (
  id TEXT NOT NULL PRIMARY KEY,
  repository TEXT NOT NULL,
  owner TEXT NOT NULL,
  generation INTEGER NOT NULL,
  started INTEGER NOT NULL,
  last_active INTEGER NOT NULL,
  durable_offset INTEGER NOT NULL,
  algorithm INTEGER NOT NULL, -- HashAlgorithm
  hash_state BLOB NOT NULL,
  expected BLOB
) WITHOUT ROWID;

CREATE TABLE review (
  kind INTEGER NOT NULL,       -- ReviewKind
  repository INTEGER NOT NULL, -- 0 for a blob
  digest BLOB NOT NULL,
  due INTEGER NOT NULL,
  PRIMARY KEY (digest, repository, kind)
) WITHOUT ROWID;
CREATE INDEX review_by_due ON review (due);

-- Manifests whose bytes are still to be put beside the blobs.
CREATE TABLE manifest_copy (
  manifest INTEGER PRIMARY KEY
);
)sql";

}  // namespace berth::sqlite
