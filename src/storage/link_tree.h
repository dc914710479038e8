// LinkTree: Distribution's link files (docker/registry/v2/repositories) as they lie there. They are read at adoption
// and written for hand-back, never consulted while serving (data.md 1).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "content/digest.h"
#include "content/repository_name.h"

namespace berth {

/// What a link file says.
struct StoredLink {
  std::optional<Digest> digest = {};  ///< nothing: it names none, see `problem`
  std::string problem = {};           ///< why it names none, in words
  WallTime modified = {};
};

/// The link of a manifest or of a blob. Its place names a digest, too: nearly always the same.
struct DigestLink {
  std::string place;  ///< "sha256:abcd...", as the directories are called; may be no digest
  StoredLink link;
};

struct TagLinks {
  std::string name;                      ///< as the directory is called; may be no tag
  StoredLink current = {};               ///< what it names
  std::vector<StoredLink> history = {};  ///< what it named at some time, and when it did last; in no order
};

struct TreeUpload {
  std::string id;
  std::uint64_t size_bytes = 0;
  WallTime modified = {};
};

/// A walk in no order, of what was there from its beginning to its end. What comes or goes meanwhile may be seen or
/// not.
///
/// Threading: one call at a time.
template <class Entry>
class TreeWalk {
 public:
  virtual ~TreeWalk() = default;
  /// At most `limit` entries; none: that was all.
  virtual Task<std::vector<Entry>> next(std::size_t limit) = 0;
};

enum class LinkKind : std::uint8_t {
  revision,  ///< the repository has the manifest
  layer,     ///< the repository may serve the blob
};

/// How the tree is to be in one place.
struct WantedLink {
  enum class Place : std::uint8_t { revision, layer, tag, repository };
  Place place;
  RepositoryName repository;
  std::optional<Digest> digest = {};  ///< what the link says; nothing: it is not there, and neither is a `repository`
  std::optional<Digest> item = {};    ///< of a revision or layer: whose link it is
  std::optional<Tag> tag = {};
  std::optional<WallTime> since = {};  ///< told to the file as its time
};

enum class LinkAction : std::uint8_t { write, compare };

/// Threading: any loop. Failures: throws Failure(storage), Failure(storage_full).
/// Crash:     a link is whole or absent; what apply() did is on stable storage when a sync() after it has returned.
class LinkTree {
 public:
  virtual ~LinkTree() = default;

  /// Names as the directories say, which may be no repository's.
  virtual std::unique_ptr<TreeWalk<std::string>> repositories() = 0;
  virtual std::unique_ptr<TreeWalk<DigestLink>> links(std::string repository, LinkKind kind) = 0;
  virtual std::unique_ptr<TreeWalk<TagLinks>> tags(std::string repository) = 0;
  virtual std::unique_ptr<TreeWalk<TreeUpload>> uploads(std::string repository) = 0;
  virtual Task<bool> has_repository(std::string repository) = 0;
  /// When a link was last added to or removed from the repository, as far as its directories tell.
  virtual Task<WallTime> last_changed(std::string repository) = 0;

  /// Makes the tree as wanted, or only looks; which of them were, or are, otherwise: indexes into `wanted`.
  virtual Task<std::vector<std::size_t>> apply(std::vector<WantedLink> wanted, LinkAction action) = 0;
  virtual Task<> sync() = 0;
};

}  // namespace berth
