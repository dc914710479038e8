// MemoryMetadataStore: the contract in maps, for tests and the in-memory storage driver. Nothing survives the process.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <tuple>
#include <vector>

#include "metadata/charge_sheet.h"
#include "metadata/collection_store.h"
#include "metadata/job_store.h"
#include "metadata/metadata_store.h"
#include "metadata/pin_store.h"
#include "metadata/repository_store.h"
#include "metadata/retention_store.h"
#include "metadata/scrub_store.h"
#include "metadata/trash_store.h"
#include "metadata/usage_store.h"

namespace berth {

/// Threading: any loop; every method is one critical section and never waits for anything else.
class MemoryMetadataStore final : public MetadataStore,
                                  public CollectionStore,
                                  public TrashStore,
                                  public RepositoryStore,
                                  public ScrubStore,
                                  public RetentionStore,
                                  public PinStore,
                                  public JobStore,
                                  public UsageStore {
 public:
  Task<std::optional<std::string>> registry_id() override;
  Task<> set_registry_id(std::string id) override;
  Task<bool> is_read_only() override;
  Task<> set_read_only(bool is_on) override;

  Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) override;
  Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) override;
  Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) override;
  Task<bool> repository_exists(RepositoryName repository) override;
  Task<std::optional<RepositoryName>> renamed_to(RepositoryName name, WallTime now) override;
  Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) override;
  Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) override;
  Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                            std::optional<std::string> artifact_type, std::optional<Digest> after,
                                            std::size_t limit) override;
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) override;

  Task<std::optional<QuotaExceeded>> commit_blob(CommitBlob commit) override;
  Task<MountOutcome> mount_blob(MountBlob mount) override;
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override;
  Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                      WallTime review_due) override;
  Task<> mark_blob_missing(Digest digest) override;
  Task<std::optional<BlobState>> blob_state(Digest digest) override;

  Task<PutManifestOutcome> put_manifest(PutManifest put) override;
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override;
  Task<DeleteTagOutcome> delete_tag(DeleteTag request) override;
  Task<DeleteManifestOutcome> delete_manifest(DeleteManifest request) override;
  Task<std::vector<ManifestCopy>> pending_manifest_copies(std::size_t limit) override;
  Task<> finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes, WallTime now) override;

  Task<> create_upload(UploadRecord upload) override;
  Task<std::optional<UploadRecord>> find_upload(UploadId id) override;
  Task<std::optional<UploadRecord>> claim_upload(UploadId id, std::string owner, WallTime now) override;
  Task<bool> record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                    WallTime now) override;
  Task<bool> record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected, UploadProgress progress,
                                       WallTime now) override;
  Task<bool> delete_upload(UploadId id) override;
  Task<std::vector<UploadRecord>> list_uploads(WallTime started_before, std::optional<UploadId> after,
                                               std::size_t limit) override;

  Task<std::vector<Review>> due_reviews(WallTime now, std::size_t limit) override;
  Task<> check_health() override;

  Task<std::vector<Candidate>> due_candidates(WallTime now, std::size_t limit) override;
  Task<CandidatePage> all_candidates(WalkPosition from, std::size_t limit) override;
  Task<CandidatePage> untagged_manifests(WalkPosition from, std::size_t limit) override;
  Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) override;
  std::unique_ptr<CollectionPreview> preview() override;
  Task<std::vector<DeletingBlob>> deleting_blobs(std::optional<Digest> after, std::size_t limit) override;
  Task<> finish_removals(std::vector<Digest> blobs) override;
  Task<Explanation> explain(Digest digest, std::size_t limit) override;
  Task<std::size_t> forget_removals(WallTime before, std::size_t limit) override;

  Task<Page<TrashedManifest>> list_trash(std::optional<RepositoryName> repository, std::int64_t after,
                                         std::size_t limit) override;
  Task<RestoreOutcome> restore(RestoreManifest request) override;
  Task<std::size_t> expire_trash(WallTime before, WallTime now, std::size_t limit) override;
  Task<TrashSummary> summarize_trash() override;

  Task<DeleteRepositoryOutcome> delete_repository(DeleteRepository request) override;
  Task<RenameRepositoryOutcome> rename_repository(RenameRepository request) override;
  Task<Page<RepositoryAlias>> list_aliases(std::optional<RepositoryName> after, std::size_t limit) override;
  Task<bool> delete_alias(RepositoryName alias) override;

  Task<std::vector<BlobRecord>> list_blobs(std::optional<Digest> after, std::size_t limit) override;
  Task<std::vector<BlobRecord>> least_recently_verified(WallTime before, std::optional<BlobRecord> after,
                                                        std::size_t limit) override;
  Task<std::optional<BlobRecord>> find_blob_record(Digest digest) override;
  Task<std::vector<Digest>> without_record(std::vector<Digest> digests) override;
  Task<> record_verified(std::vector<Digest> digests, WallTime now) override;
  Task<bool> mark_blob_found(Digest digest, WallTime now) override;
  Task<AffectedImages> images_of(Digest digest, std::size_t limit) override;
  Task<std::optional<SharedBytes>> manifest_bytes(Digest digest) override;
  Task<bool> must_compare() override;
  Task<> set_must_compare(bool is_on) override;
  Task<std::vector<WallTime>> note_orphans(std::vector<Digest> digests, WallTime now) override;
  Task<std::size_t> forget_orphans(WallTime before, std::size_t limit) override;

  Task<std::optional<std::vector<HeldManifest>>> held_manifests(RepositoryName repository, std::size_t limit) override;
  Task<DeletedContents> delete_unchanged(DeleteUnchanged request) override;
  Task<> put_plan(RetentionPlanRecord plan, std::size_t keep) override;
  Task<std::optional<RetentionPlanRecord>> find_plan(std::string id) override;
  Task<> record_pulls(std::vector<PulledManifest> pulls) override;
  Task<bool> put_pin(Pin pin) override;
  Task<bool> delete_pin(RepositoryName repository, Digest digest, WallTime review_due) override;
  Task<PinPage> list_pins(std::string from, std::size_t limit) override;
  Task<> put_jobs(std::vector<JobRecord> jobs) override;
  Task<std::vector<JobRecord>> list_jobs() override;
  Task<std::size_t> keep_scopes(std::vector<QuotaScope> scopes) override;
  Task<std::vector<ScopeUsage>> usage_of(RepositoryName repository) override;
  Task<std::vector<PossibleUsage>> usage_with(RepositoryName repository, Digest digest,
                                              std::uint64_t size_bytes) override;
  Task<Page<ScopeUsage>> list_usage(std::size_t scope, std::optional<RepositoryName> after, std::size_t limit) override;
  Task<bool> misses_a_blob(RepositoryName repository) override;
  Task<std::vector<BlobHoldings>> walk_blobs(std::optional<Digest> after, std::size_t limit) override;
  Task<std::vector<RepositoryHoldings>> walk_repositories(std::optional<RepositoryName> after,
                                                          std::size_t limit) override;
  Task<std::vector<ManifestHolding>> walk_manifests(std::int64_t after, std::size_t limit) override;

 private:
  class Transaction;
  class Preview;
  class Restoration;
  class Charges;
  struct Blob {
    std::uint64_t size_bytes = 0;
    BlobState state = BlobState::present;
    WallTime verified = {};
  };
  struct Orphan {
    WallTime found;
    WallTime seen;
  };
  struct PinWords {
    WallTime since;
    std::string who;
    std::string why;
  };
  struct Manifest {
    ManifestRecord record;
    std::optional<Digest> subject;
    std::map<std::string, std::string> annotations;
    std::vector<ManifestReference> references;
    std::optional<WallTime> last_pulled = {};
    std::optional<PinWords> pin = {};
  };
  struct Repository {
    bool is_deleted = false;           // as a whole, and nothing was put into it since
    std::map<Digest, WallTime> links;  // promised until
    std::map<Digest, Manifest> manifests;
    std::map<std::string, Digest> tags;
    std::map<std::string, std::vector<TagChange>> history;
  };
  struct Trashed {
    RepositoryName repository;
    Manifest manifest;
    WallTime trashed;
    std::string who;
    std::vector<Tag> tags;
    const Digest& digest() const { return manifest.record.digest; }
  };
  using ReviewKey = std::tuple<ReviewKind, std::optional<RepositoryName>, Digest>;

  // All of these want mutex_ held.
  Repository* find_repository(const RepositoryName& name);
  Repository& find_or_create_repository(const RepositoryName& name);
  /// Throws RepositoryRenamed if the name stands for another repository.
  void expect_own_name(const RepositoryName& name, WallTime now) const;
  std::optional<RepositoryName> stands_for(const RepositoryName& name, WallTime now) const;
  /// Nothing if the name is free, or a deleted repository's that has nothing left to bring back.
  std::optional<NameTaken> who_has(const RepositoryName& name, const RepositoryName& asking, WallTime now);
  bool is_known(const RepositoryName& name);
  /// Afresh, what all quota scopes are charged.
  void count_scopes();
  const Blob* find_present_blob(const Digest& digest) const;
  std::optional<std::uint64_t> size_of_reference(const Repository* repository,
                                                 const ManifestReference& reference) const;
  void review(ReviewKind kind, std::optional<RepositoryName> repository, const Digest& digest, WallTime due);
  UploadRecord* find_claimed_upload(const UploadId& id, std::uint64_t generation);
  static std::int64_t new_tag_count(const Repository* repository, const std::vector<Tag>& tags);
  bool is_manifest_anywhere(const Digest& digest) const;
  std::vector<Tag> tags_of_manifest(const Repository& repository, const Digest& digest) const;
  std::map<std::int64_t, Trashed>::iterator find_trashed(const RepositoryName& repository, const Digest& digest);
  DeleteTagOutcome delete_tag_locked(const DeleteTag& request);
  DeleteManifestOutcome delete_manifest_locked(const DeleteManifest& request);
  bool is_child_of_index(const Repository& repository, const Digest& digest) const;
  /// Why retention leaves it; nothing: it may go.
  std::optional<DeletionOutcome> obstacle_to(const RepositoryName& name, const UnchangedContent& content, WallTime now);
  /// What goes once nothing keeps it, with the tags it still has, and reviews of all that it kept.
  void remove_manifest(const DeleteManifest& request, const std::vector<Tag>& tags);

  std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<std::string> registry_id_;
  std::map<RepositoryName, Repository> repositories_;
  std::map<Digest, Blob> blobs_;
  std::map<UploadId, UploadRecord> uploads_;
  std::map<std::int64_t, std::pair<RepositoryName, Digest>> copies_;
  std::int64_t next_copy_ = 1;
  std::map<ReviewKey, WallTime> reviews_;
  std::vector<Removal> removals_;
  std::map<std::int64_t, Trashed> trash_;
  std::int64_t next_trashed_ = 1;
  std::map<Digest, Orphan> orphans_;
  bool is_read_only_ = false;
  bool must_compare_ = false;
  std::map<RepositoryName, std::pair<RepositoryName, WallTime>> aliases_;  // what it stands for, until when
  std::map<std::string, RetentionPlanRecord> plans_;
  std::map<std::string, JobRecord> jobs_;
  std::vector<QuotaScope> scopes_;
  /// Of the scope as a whole without a name, or of a repository in it.
  std::map<std::pair<std::size_t, std::optional<RepositoryName>>, QuotaUsage> scope_usage_;
  std::map<std::pair<std::size_t, Digest>, BlobHolders> scope_holders_;
};

}  // namespace berth
