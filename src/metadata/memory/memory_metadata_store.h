// MemoryMetadataStore: the contract in maps, for tests and the in-memory storage driver. Nothing survives the process.
#pragma once

#include <map>
#include <mutex>
#include <tuple>

#include "metadata/metadata_store.h"

namespace berth {

/// Threading: any loop; every method is one critical section and never waits for anything else.
class MemoryMetadataStore final : public MetadataStore {
 public:
  Task<std::optional<std::string>> registry_id() override;
  Task<> set_registry_id(std::string id) override;

  Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) override;
  Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) override;
  Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) override;
  Task<bool> repository_exists(RepositoryName repository) override;
  Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) override;
  Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) override;
  Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                            std::optional<std::string> artifact_type, std::optional<Digest> after,
                                            std::size_t limit) override;
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) override;

  Task<> commit_blob(CommitBlob commit) override;
  Task<std::optional<BlobLink>> mount_blob(MountBlob mount) override;
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override;
  Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                      WallTime review_due) override;
  Task<> mark_blob_missing(Digest digest) override;
  Task<std::optional<BlobState>> blob_state(Digest digest) override;

  Task<PutManifestOutcome> put_manifest(PutManifest put) override;
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override;
  Task<DeleteTagOutcome> delete_tag(DeleteTag request) override;
  Task<std::optional<ManifestDeleted>> delete_manifest(DeleteManifest request) override;
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

 private:
  struct Blob {
    std::uint64_t size_bytes = 0;
    BlobState state = BlobState::present;
  };
  struct Manifest {
    ManifestRecord record;
    std::optional<Digest> subject;
    std::map<std::string, std::string> annotations;
    std::vector<ManifestReference> references;
  };
  struct Repository {
    std::map<Digest, WallTime> links;  // promised until
    std::map<Digest, Manifest> manifests;
    std::map<std::string, Digest> tags;
    std::map<std::string, std::vector<TagChange>> history;
  };
  using ReviewKey = std::tuple<ReviewKind, std::optional<RepositoryName>, Digest>;

  // All of these want mutex_ held.
  Repository* find_repository(const RepositoryName& name);
  const Blob* find_present_blob(const Digest& digest) const;
  std::optional<std::uint64_t> size_of_reference(const Repository* repository, const ManifestReference& reference) const;
  void review(ReviewKind kind, std::optional<RepositoryName> repository, const Digest& digest, WallTime due);
  UploadRecord* find_claimed_upload(const UploadId& id, std::uint64_t generation);
  bool is_manifest_anywhere(const Digest& digest) const;

  std::mutex mutex_;
  // Guarded by mutex_.
  std::optional<std::string> registry_id_;
  std::map<RepositoryName, Repository> repositories_;
  std::map<Digest, Blob> blobs_;
  std::map<UploadId, UploadRecord> uploads_;
  std::map<std::int64_t, std::pair<RepositoryName, Digest>> copies_;
  std::int64_t next_copy_ = 1;
  std::map<ReviewKey, WallTime> reviews_;
};

}  // namespace berth
