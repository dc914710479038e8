// RetentionStore: what retention asks of the metadata, and the deletions that it decided on. A tag or manifest goes
// only if it still is what was decided about, which is looked at in the transaction of the deletion.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "metadata/metadata_store.h"
#include "metadata/records.h"

namespace berth {

struct NamingTag {
  Tag tag;
  WallTime since;  ///< when it began to name the manifest
};

/// A manifest of a repository, and what holds it there.
struct HeldManifest {
  Digest digest;
  std::string media_type;
  std::string artifact_type;
  std::uint64_t size_bytes = 0;
  WallTime pushed;
  std::optional<WallTime> last_pulled = {};
  WallTime promised_until;
  bool is_child_of_index = false;  ///< an index that is there names it
  bool has_live_subject = false;   ///< it is about a manifest that is there
  bool is_pinned = false;
  std::vector<NamingTag> tags = {};
};

/// What is to be deleted, as it was when that was decided.
struct UnchangedContent {
  std::optional<Tag> tag;  ///< nothing: the manifest, which no tag names
  Digest digest;
  WallTime since;  ///< when the tag began to name it; of a manifest: when it was pushed
};

struct DeleteUnchanged {
  RepositoryName repository;
  std::vector<UnchangedContent> contents;
  TagGuard protects = {};
  std::string who;
  WallTime now;
  WallTime review_due;
  bool to_trash = false;
};

enum class DeletionOutcome : std::uint8_t {
  deleted,
  changed,          ///< it is gone, or another than it was
  in_use,           ///< a tag, an index, a pin or a promise holds it, or what it is about is there
  protected_by_tag  ///< the guard said so
};

struct DeletedContents {
  std::vector<DeletionOutcome> outcomes;  ///< in the order asked for
  bool unlisted_repository = false;       ///< its last manifest went
};

/// What a plan was made from: enough to make it again.
struct RetentionPlanRecord {
  std::string id;
  WallTime now;   ///< that the plan took for the present
  WallTime made;  ///< the newest are kept
  std::string who;
  std::optional<RepositoryName> repository = {};  ///< nothing: all of them
  std::string rules;                              ///< JSON, as retention_rule_config.h writes it
  bool is_configured = false;                     ///< the rules were those of the configuration
};

struct PulledManifest {
  RepositoryName repository;
  Digest digest;
  WallTime at;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class RetentionStore {
 public:
  virtual ~RetentionStore() = default;

  /// All manifests of a repository as of one moment, in any order; nothing if there are more than `limit` manifests and
  /// tags together. Costs what the repository holds, and holds up neither other reads nor writes.
  virtual Task<std::optional<std::vector<HeldManifest>>> held_manifests(RepositoryName repository,
                                                                        std::size_t limit) = 0;
  /// One transaction. Deletes as MetadataStore::delete_tag and delete_manifest do, and only what is unchanged and
  /// unused.
  virtual Task<DeletedContents> delete_unchanged(DeleteUnchanged request) = 0;

  /// Puts the plan in the place of one with this id, and forgets all but the `keep` that were made last.
  virtual Task<> put_plan(RetentionPlanRecord plan, std::size_t keep) = 0;
  virtual Task<std::optional<RetentionPlanRecord>> find_plan(std::string id) = 0;

  /// Of manifests that are there; a time never goes back.
  virtual Task<> record_pulls(std::vector<PulledManifest> pulls) = 0;
};

}  // namespace berth
