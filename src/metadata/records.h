// What the metadata store keeps (data.md 1), as plain values.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "async/byte_source.h"
#include "base/clock.h"
#include "content/digest.h"
#include "content/media_type.h"
#include "content/repository_name.h"
#include "storage/blob_uploads.h"

namespace berth {

/// Values are stored: never renumber.
enum class BlobState : std::uint8_t {
  present = 1,   ///< the bytes are there
  deleting = 2,  ///< the collector is removing them: absent to everybody
  missing = 3,   ///< a read found them gone or of the wrong size: absent until pushed again
};

/// A blob as one repository sees it: the link is the proof that the repository may serve it.
struct BlobLink {
  Digest digest;
  std::uint64_t size_bytes = 0;
  WallTime promised_until;
};

enum class ReferenceKind : std::uint8_t { config = 1, layer = 2, manifest = 3 };

struct ManifestReference {
  ReferenceKind kind;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::string field = {};  ///< "layers[2]", for messages; not stored
  /// False: the reference is stored but its content need not be there (foreign layers, sparse indexes).
  bool is_required = true;
};

struct ManifestRecord {
  Digest digest;
  std::string media_type;
  std::string artifact_type;
  SharedBytes bytes;
  WallTime pushed;
  WallTime promised_until;
};

struct TagRecord {
  Tag tag;
  Digest digest;
};

/// One change of a tag. `from` empty: created; `to` empty: deleted.
struct TagChange {
  WallTime when;
  std::string who;  ///< the caller's name; empty for anonymous
  std::optional<Digest> from;
  std::optional<Digest> to;
};

/// What the referrers list says of a manifest (distribution-spec, Listing Referrers).
struct ReferrerRecord {
  Digest digest;
  std::string media_type;
  std::string artifact_type;
  std::uint64_t size_bytes = 0;
  std::map<std::string, std::string> annotations;
};

struct UploadRecord {
  UploadId id;
  RepositoryName repository;
  std::string owner;             ///< instance id of the process whose claim is in force
  std::uint64_t generation = 0;  ///< of the claim; a write with an older one is refused
  WallTime started;
  WallTime last_active;
  UploadProgress progress;
  std::optional<Digest> expected;  ///< set once a closing request came: finds what a crash left between rename and commit
};

/// What the collector looks at (data.md 6). Values are stored: never renumber.
enum class ReviewKind : std::uint8_t {
  blob = 1,      ///< a blob that lost a link, or whose manifest went
  link = 2,      ///< a repository's link to a blob
  manifest = 3,  ///< a manifest of a repository
};

/// Something happened that can make this garbage. One row for each thing: a later event only moves `due` forward.
struct Review {
  ReviewKind kind;
  std::optional<RepositoryName> repository;  ///< nothing for a blob
  Digest digest;
  WallTime due;
};

}  // namespace berth
