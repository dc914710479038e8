// CollectionStore: the collector's side of the metadata (data.md 6). Which content nothing uses any more is decided and
// written inside one transaction; the bytes go afterwards.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "metadata/records.h"

namespace berth {

/// Something the collector looks at.
struct Candidate {
  ReviewKind kind;
  std::optional<RepositoryName> repository;  ///< nothing for a blob
  Digest digest;
  std::optional<WallTime> due;  ///< of its review, as it was read; nothing: it has none
  bool operator==(const Candidate&) const = default;
};

/// What one look is held to.
struct CollectionRules {
  WallTime now;
  /// An untagged manifest that nothing else keeps goes when it was neither pushed nor pulled for this long. Nothing: it
  /// stays.
  std::optional<std::chrono::microseconds> keep_untagged = {};
  /// Manifests that go can be brought back for a while: they keep their blobs. False: there is no trash, not even for a
  /// look at what rests there.
  bool uses_trash = false;
  /// Asked inside the transaction: while it says no, everything is left as it is (Verdict::superseded). Quick, on any
  /// thread. Unset: yes.
  std::function<bool()> may_remove = {};
};

/// What keeps something.
enum class KeeperKind : std::uint8_t {
  tag,        ///< a tag names the manifest
  pin,        ///< somebody said that the manifest must stay
  index,      ///< an index that is there names the manifest
  subject,    ///< the manifest is about one that is there
  promise,    ///< a client was told that it exists
  untagged,   ///< the rules keep untagged manifests, or this one still
  manifest,   ///< a manifest of the repository names the blob, so the repository keeps its link
  link,       ///< a repository links the blob
  reference,  ///< a manifest names the blob, linked or not
  copy,       ///< the blob is the copy of a manifest
  trash,      ///< a deleted manifest that can still be brought back needs it
};
std::string_view name_of(KeeperKind kind);

struct Keeper {
  KeeperKind kind;
  std::optional<RepositoryName> repository = {};
  std::optional<Tag> tag = {};
  std::optional<Digest> by = {};
  std::optional<WallTime> until = {};  ///< it ends by itself then
};

enum class Verdict : std::uint8_t {
  kept,        ///< in use: looked at again after the next event
  waiting,     ///< until keeper.until
  removed,     ///< a manifest or link: gone. A blob: marked, its bytes may go
  absent,      ///< there was nothing
  superseded,  ///< something happened to it meanwhile: its review stands, nothing was done
};

struct ReviewOutcome {
  Candidate candidate;
  Verdict verdict = Verdict::absent;
  std::optional<Keeper> keeper = {};  ///< of kept and waiting
  std::uint64_t size_bytes = 0;       ///< of what was removed or waits; 0 for a link
  std::vector<Tag> tags = {};         ///< that went with a manifest
  bool unlisted_repository = false;   ///< its last manifest
  std::string why = {};               ///< of removed, for the log and for `explain`
};

/// A removal on record.
struct Removal {
  WallTime at;
  ReviewKind kind;
  std::optional<RepositoryName> repository;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::string why;
};

/// The `why` of what a client deleted; `who` is empty for an anonymous one.
std::string deleted_by(const std::string& who);

struct BlobFacts {
  std::uint64_t size_bytes = 0;
  BlobState state = BlobState::present;
};

/// All that is known of a digest.
struct Explanation {
  std::optional<BlobFacts> blob;
  std::vector<Keeper> keepers;     ///< at most as many as asked for
  std::vector<Candidate> reviews;  ///< that are scheduled
  std::vector<Removal> removals;   ///< newest first
};

struct DeletingBlob {
  Digest digest;
  std::uint64_t size_bytes = 0;
};

/// Where a walk over all reviews, or over all manifests, stands. Made by the store; empty at the beginning.
using WalkPosition = std::string;

struct CandidatePage {
  std::vector<Candidate> entries;    ///< may be empty before the end
  std::optional<WalkPosition> next;  ///< nothing: that was all
};

/// A run that changes nothing: it decides as a real one would after its own earlier removals.
///
/// Threading: one call at a time. Lifetime: the store outlives it.
class CollectionPreview {
 public:
  virtual ~CollectionPreview() = default;
  virtual Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) = 0;
  /// From now on as if the trash were empty. What that sets free is to be looked at.
  virtual Task<std::vector<Candidate>> empty_trash() = 0;
  /// What the removals so far would make the collector look at; each call empties it.
  virtual std::vector<Candidate> take_follow_ups() = 0;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class CollectionStore {
 public:
  virtual ~CollectionStore() = default;

  /// Candidates whose review is due, the longest due first.
  virtual Task<std::vector<Candidate>> due_candidates(WallTime now, std::size_t limit) = 0;
  /// A walk over all reviews, due or not.
  virtual Task<CandidatePage> all_candidates(WalkPosition from, std::size_t limit) = 0;
  /// A walk over all manifests: those without a tag, whether they have a review or not. Each call looks at `limit` at
  /// most.
  virtual Task<CandidatePage> untagged_manifests(WalkPosition from, std::size_t limit) = 0;

  /// One transaction: looks at each in the order given, removes what nothing keeps, and schedules what that may set
  /// free as due at `rules.now`. A review ends only if its due time is still the candidate's; one that waits gets its
  /// next time.
  virtual Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) = 0;
  virtual std::unique_ptr<CollectionPreview> preview() = 0;

  /// Blobs that are marked, in order of their digests after `after`.
  virtual Task<std::vector<DeletingBlob>> deleting_blobs(std::optional<Digest> after, std::size_t limit) = 0;
  /// The bytes are gone: the rows of those that are still marked go.
  virtual Task<> finish_removals(std::vector<Digest> blobs) = 0;

  virtual Task<Explanation> explain(Digest digest, std::size_t limit) = 0;
  /// Forgets removals before `before`, at most `limit` of them; how many.
  virtual Task<std::size_t> forget_removals(WallTime before, std::size_t limit) = 0;
};

}  // namespace berth
