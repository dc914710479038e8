// LinkStore: what Distribution's link tree has to say, as the metadata has it, and what of it is still to be written
// there. A change queues its link in its own transaction, so that no crash loses it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "metadata/records.h"

namespace berth {

/// Values are stored: never renumber.
enum class LinkTreeState : std::uint8_t {
  ignored = 0,    ///< the tree is nobody's concern
  following = 1,  ///< changes are queued, but the tree was not made equal yet
  current = 2,    ///< the tree is what the metadata says, but for what is queued
};

/// Values are stored: never renumber.
enum class QueuedKind : std::uint8_t { revision = 1, layer = 2, tag = 3, repository = 4 };

/// Something that changed, and what it is now.
struct QueuedLink {
  std::int64_t number = 0;  ///< a later change of the same gets another
  QueuedKind kind;
  RepositoryName repository;
  std::optional<Digest> item = {};  ///< of a revision or layer
  std::optional<Tag> tag = {};
  std::optional<Digest> digest = {};  ///< what its link says; nothing: it is gone, and so is a `repository`
  std::optional<WallTime> since = {};
};

/// A row that the tree has to have a link for.
struct LinkRow {
  std::int64_t id = 0;  ///< of a manifest: where the next page begins
  Digest digest;
  std::optional<Tag> tag = {};
  std::optional<WallTime> since = {};
};

struct LayerRow {
  RepositoryName repository;
  Digest digest;
};
struct LayerPage {
  std::vector<LayerRow> entries;
  std::optional<std::string> next;  ///< where the next page begins; nothing: that was all
};

/// Which of these the metadata has.
struct LinksAsked {
  RepositoryName repository;
  std::vector<Digest> revisions = {};
  std::vector<Digest> layers = {};
  std::vector<Tag> tags = {};
};
struct LinksKnown {
  std::vector<bool> revisions;
  std::vector<bool> layers;
  std::vector<bool> tags;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class LinkStore {
 public:
  virtual ~LinkStore() = default;

  virtual Task<LinkTreeState> link_state() = 0;
  /// `ignored` empties the queue, and changes are no longer queued. `current` does not stop `following`.
  virtual Task<> set_link_state(LinkTreeState state) = 0;

  /// The longest queued first.
  virtual Task<std::vector<QueuedLink>> queued_links(std::int64_t after, std::size_t limit) = 0;
  /// Those that have these numbers still.
  virtual Task<> finish_links(std::vector<std::int64_t> numbers) = 0;
  virtual Task<std::uint64_t> queued_link_count() = 0;

  /// Repositories with a manifest or without, after `after`, in order of their names; not those that were deleted.
  virtual Task<std::vector<RepositoryName>> all_repositories(std::string after, std::size_t limit) = 0;
  virtual Task<std::vector<LinkRow>> revisions(RepositoryName repository, std::int64_t after, std::size_t limit) = 0;
  virtual Task<std::vector<LinkRow>> tags(RepositoryName repository, std::string after, std::size_t limit) = 0;
  /// Of all repositories, about `limit` of them.
  virtual Task<LayerPage> layers(std::string from, std::size_t limit) = 0;
  /// Blobs that these manifests (LinkRow::id) name and the repository links, each once.
  virtual Task<std::vector<Digest>> layers_of(RepositoryName repository, std::vector<std::int64_t> manifests) = 0;
  virtual Task<LinksKnown> which_are_known(LinksAsked asked) = 0;
};

}  // namespace berth
