// MetadataStore: everything but bytes of blobs, transactional. Each method is one transaction; what a write relies on
// is checked inside it (data.md 3).
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "async/task.h"
#include "base/failure.h"
#include "base/result.h"
#include "metadata/page.h"
#include "metadata/quota_guard.h"
#include "metadata/records.h"

namespace berth {

/// The name stands for another repository since the request began (repository_store.h): nothing was changed. Whoever
/// can does it again under that name; what gets through is answered like an overload: try again.
class RepositoryRenamed : public Failure {
 public:
  explicit RepositoryRenamed(RepositoryName to)
      : Failure(FailureKind::overloaded, "the repository was renamed meanwhile"), to_(std::move(to)) {}
  const RepositoryName& to() const { return to_; }

 private:
  RepositoryName to_;
};

struct CommitBlob {
  RepositoryName repository;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::optional<UploadId> upload;  ///< ends with the commit
  WallTime now;
  WallTime promised_until;
  WallTime review_due;
  QuotaGuard quota = {};
};

struct MountBlob {
  RepositoryName to;
  Digest digest;
  std::optional<RepositoryName> from;  ///< must hold a link; without one any repository's link will do
  WallTime now;
  WallTime promised_until;
  WallTime review_due;
  QuotaGuard quota = {};
};

struct MountOutcome {
  std::optional<BlobLink> link;                ///< the new one; nothing if the blob or the source's link is not there
  std::optional<QuotaExceeded> exceeded = {};  ///< then there is no link either
};

/// Preconditions of a tag change (RFC 9110, If-Match and If-None-Match), checked inside the commit.
struct TagPrecondition {
  std::vector<Digest> if_match;       ///< the tag must name one of these
  bool if_match_any = false;          ///< If-Match: *   the tag must exist
  bool if_none_match_any = false;     ///< If-None-Match: *   the tag must not exist
  std::vector<Digest> if_none_match;  ///< the tag must not name one of these
  bool is_empty() const { return if_match.empty() && !if_match_any && !if_none_match_any && if_none_match.empty(); }
};

/// Says of a tag that it has to stay what it is. Asked inside the transaction, since only there it is known which tags
/// there are: pure, quick, on any thread. Empty: every tag may change.
using TagGuard = std::function<bool(const Tag&)>;

/// What the rules hold a commit to.
struct CommitLimits {
  TagPrecondition tags;    ///< of every tag of the commit
  TagGuard protects = {};  ///< such a tag is neither moved to another manifest nor deleted
  QuotaGuard quota = {};   ///< of the commit as a whole
};

struct PutManifest {
  RepositoryName repository;
  Digest digest;
  std::string media_type;
  std::string artifact_type;
  std::optional<Digest> subject;
  std::map<std::string, std::string> annotations;
  SharedBytes bytes;
  std::vector<ManifestReference> references;
  std::vector<Tag> tags;
  CommitLimits limits;
  std::string who;
  WallTime now;
  WallTime promised_until;
  WallTime review_due;
};

/// A required reference that the repository does not have, or has with another size.
struct ReferenceProblem {
  std::size_t index = 0;                     ///< into PutManifest::references
  std::optional<std::uint64_t> actual_size;  ///< nothing: it is missing
};

struct ManifestPut {
  bool was_new = false;
  bool made_tag = false;           ///< a tag exists now that did not before
  bool listed_repository = false;  ///< the first manifest of its repository
};
struct ReferencesRefused {
  std::vector<ReferenceProblem> problems;
};
struct PreconditionRefused {
  Tag tag;
  std::optional<Digest> current;
};
struct TagProtected {
  Tag tag;
};
using PutManifestOutcome =
    std::variant<ManifestPut, ReferencesRefused, PreconditionRefused, TagProtected, QuotaExceeded>;

struct DeleteTag {
  RepositoryName repository;
  Tag tag;
  CommitLimits limits;
  std::string who;
  WallTime now;
  WallTime review_due;
};
enum class TagUnknown {};
struct TagDeleted {
  Digest was;
};
using DeleteTagOutcome = std::variant<TagDeleted, TagUnknown, PreconditionRefused, TagProtected>;

struct DeleteManifest {
  RepositoryName repository;
  Digest digest;
  std::string who;
  WallTime now;
  WallTime review_due;
  TagGuard protects = {};  ///< nothing is deleted if such a tag would go with it
  bool to_trash = false;   ///< it can be brought back (trash_store.h)
};
enum class ManifestUnknown {};
struct ManifestDeleted {
  std::vector<Tag> tags = {};        ///< that named it and went with it
  bool unlisted_repository = false;  ///< the last manifest of its repository
};
using DeleteManifestOutcome = std::variant<ManifestDeleted, ManifestUnknown, TagProtected>;

struct BlobInUse {
  Digest by;  ///< a manifest of the repository that names it
};
enum class BlobUnlinked { yes, unknown };
using DeleteBlobOutcome = std::variant<BlobUnlinked, BlobInUse>;

/// A manifest whose bytes are to be put beside the blobs too (for rebuild and hand-back).
struct ManifestCopy {
  std::int64_t queue_id = 0;
  Digest digest;
  SharedBytes bytes;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded) when its queue is full.
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
/// Times:     all come in from the caller's clock.
class MetadataStore {
 public:
  virtual ~MetadataStore() = default;

  // --- identity -----------------------------------------------------------------------------------------------------
  virtual Task<std::optional<std::string>> registry_id() = 0;
  virtual Task<> set_registry_id(std::string id) = 0;
  /// What an administrator switched; false in a new store.
  virtual Task<bool> is_read_only() = 0;
  virtual Task<> set_read_only(bool is_on) = 0;

  // --- reads --------------------------------------------------------------------------------------------------------
  /// Only if the blob is present and linked in the repository.
  virtual Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) = 0;
  virtual Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) = 0;
  virtual Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) = 0;
  /// True once a blob or manifest was put into it, also when all of them are gone again, until it is deleted as a whole
  /// (repository_store.h); an upload alone makes none.
  virtual Task<bool> repository_exists(RepositoryName repository) = 0;
  /// What the name stands for, if it is an alias (repository_store.h) whose time is not over.
  virtual Task<std::optional<RepositoryName>> renamed_to(RepositoryName name, WallTime now) = 0;
  /// Tags after `after` (exclusive, need not exist), at most `limit` of them.
  virtual Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) = 0;
  /// Repositories that hold at least one manifest, after `after` (exclusive, any string).
  virtual Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) = 0;
  /// Manifests of the repository whose subject is `subject`, in order of their digest's text. `artifact_type` filters.
  virtual Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                                    std::optional<std::string> artifact_type,
                                                    std::optional<Digest> after, std::size_t limit) = 0;
  /// Newest first.
  virtual Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) = 0;

  // --- blobs --------------------------------------------------------------------------------------------------------
  /// Blob present (whatever state it was in), link with a promise, upload gone, review scheduled. The bytes are already
  /// in place and the caller holds the per-digest lock. A longer promise that stands is kept. Refused by a quota there
  /// is no link and no promise; the bytes are on record, as what nobody has, for the collector to look at at once.
  /// Throws RepositoryRenamed, as mount_blob(), put_manifest() and create_upload() do.
  virtual Task<std::optional<QuotaExceeded>> commit_blob(CommitBlob commit) = 0;
  virtual Task<MountOutcome> mount_blob(MountBlob mount) = 0;
  /// False if the link or the blob is gone meanwhile: then nothing was promised.
  virtual Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) = 0;
  virtual Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                              WallTime review_due) = 0;
  /// A read found the bytes gone or of the wrong size: present -> missing. Links stay.
  virtual Task<> mark_blob_missing(Digest digest) = 0;
  /// The state of a blob whatever repositories link it; nothing if unknown.
  virtual Task<std::optional<BlobState>> blob_state(Digest digest) = 0;

  // --- manifests and tags -------------------------------------------------------------------------------------------
  /// Stores the manifest, its references and tags, history for each tag that changed, a copy in the queue, reviews.
  /// An existing manifest with the same tags changes nothing but its promise.
  virtual Task<PutManifestOutcome> put_manifest(PutManifest put) = 0;
  virtual Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) = 0;
  virtual Task<DeleteTagOutcome> delete_tag(DeleteTag request) = 0;
  virtual Task<DeleteManifestOutcome> delete_manifest(DeleteManifest request) = 0;
  virtual Task<std::vector<ManifestCopy>> pending_manifest_copies(std::size_t limit) = 0;
  /// The bytes are in place: the blob's row becomes present (made if new) and the queue row goes.
  virtual Task<> finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes, WallTime now) = 0;

  // --- uploads ------------------------------------------------------------------------------------------------------
  /// The id must be new: Failure(metadata) otherwise.
  virtual Task<> create_upload(UploadRecord upload) = 0;
  virtual Task<std::optional<UploadRecord>> find_upload(UploadId id) = 0;
  /// Makes `owner` the writer (generation + 1 if it was not) and returns the row as it is then. A claim by the writer
  /// in force changes nothing, so that it costs no sync.
  virtual Task<std::optional<UploadRecord>> claim_upload(UploadId id, std::string owner, WallTime now) = 0;
  /// False if the upload is gone or the claim's generation has passed: the caller must stop writing.
  virtual Task<bool> record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                            WallTime now) = 0;
  virtual Task<bool> record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected,
                                               UploadProgress progress, WallTime now) = 0;
  virtual Task<bool> delete_upload(UploadId id) = 0;
  /// Uploads started before `started_before`, in order of id after `after`.
  virtual Task<std::vector<UploadRecord>> list_uploads(WallTime started_before, std::optional<UploadId> after,
                                                       std::size_t limit) = 0;

  // --- reviews ------------------------------------------------------------------------------------------------------
  /// What is due for the collector's look, the longest due first.
  virtual Task<std::vector<Review>> due_reviews(WallTime now, std::size_t limit) = 0;

  /// Throws if the store cannot answer. For /readyz.
  virtual Task<> check_health() = 0;
};

}  // namespace berth
