// ChangeCountingStore: a metadata store that counts each of its changes in ChangeNumbers, after the commit and before
// the caller hears of it.
#pragma once

#include "metadata/change_numbers.h"
#include "metadata/metadata_store.h"

namespace berth {

/// A change whose outcome is not known, because the commit threw, is counted as if it had happened.
///
/// Lifetime: `inner` and `changes` outlive it. Every writer of the process goes through it.
class ChangeCountingStore : public MetadataStore {
 public:
  ChangeCountingStore(MetadataStore& inner, ChangeNumbers& changes) : inner_(inner), changes_(changes) {}

  Task<std::optional<QuotaExceeded>> commit_blob(CommitBlob commit) override;
  Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                      WallTime review_due) override;
  Task<> mark_blob_missing(Digest digest) override;
  Task<PutManifestOutcome> put_manifest(PutManifest put) override;
  Task<DeleteTagOutcome> delete_tag(DeleteTag request) override;
  Task<DeleteManifestOutcome> delete_manifest(DeleteManifest request) override;

  // Reads, and writes that make nothing untrue that was read before.
  Task<std::optional<std::string>> registry_id() override { return inner_.registry_id(); }
  Task<> set_registry_id(std::string id) override { return inner_.set_registry_id(std::move(id)); }
  Task<bool> is_read_only() override { return inner_.is_read_only(); }
  Task<> set_read_only(bool is_on) override { return inner_.set_read_only(is_on); }
  Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) override {
    return inner_.find_blob(std::move(repository), digest);
  }
  Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) override {
    return inner_.find_manifest(std::move(repository), digest);
  }
  Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) override {
    return inner_.find_tagged_manifest(std::move(repository), std::move(tag));
  }
  Task<std::optional<RepositoryName>> renamed_to(RepositoryName name, WallTime now) override {
    return inner_.renamed_to(std::move(name), now);
  }
  Task<bool> repository_exists(RepositoryName repository) override {
    return inner_.repository_exists(std::move(repository));
  }
  Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) override {
    return inner_.list_tags(std::move(repository), std::move(after), limit);
  }
  Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) override {
    return inner_.list_repositories(std::move(after), limit);
  }
  Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                            std::optional<std::string> artifact_type, std::optional<Digest> after,
                                            std::size_t limit) override {
    return inner_.list_referrers(std::move(repository), subject, std::move(artifact_type), after, limit);
  }
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) override {
    return inner_.tag_history(std::move(repository), std::move(tag), limit);
  }
  Task<MountOutcome> mount_blob(MountBlob mount) override { return inner_.mount_blob(std::move(mount)); }
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    return inner_.renew_blob_promise(std::move(repository), digest, promised_until);
  }
  Task<std::optional<BlobState>> blob_state(Digest digest) override { return inner_.blob_state(digest); }
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    return inner_.renew_manifest_promise(std::move(repository), digest, promised_until);
  }
  Task<std::vector<ManifestCopy>> pending_manifest_copies(std::size_t limit) override {
    return inner_.pending_manifest_copies(limit);
  }
  Task<> finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes, WallTime now) override {
    return inner_.finish_manifest_copy(queue_id, digest, size_bytes, now);
  }
  Task<> create_upload(UploadRecord upload) override { return inner_.create_upload(std::move(upload)); }
  Task<std::optional<UploadRecord>> find_upload(UploadId id) override { return inner_.find_upload(std::move(id)); }
  Task<std::optional<UploadRecord>> claim_upload(UploadId id, std::string owner, WallTime now) override {
    return inner_.claim_upload(std::move(id), std::move(owner), now);
  }
  Task<bool> record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                    WallTime now) override {
    return inner_.record_upload_progress(std::move(id), generation, std::move(progress), now);
  }
  Task<bool> record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected, UploadProgress progress,
                                       WallTime now) override {
    return inner_.record_upload_expectation(std::move(id), generation, expected, std::move(progress), now);
  }
  Task<bool> delete_upload(UploadId id) override { return inner_.delete_upload(std::move(id)); }
  Task<std::vector<UploadRecord>> list_uploads(WallTime started_before, std::optional<UploadId> after,
                                               std::size_t limit) override {
    return inner_.list_uploads(started_before, std::move(after), limit);
  }
  Task<std::vector<Review>> due_reviews(WallTime now, std::size_t limit) override {
    return inner_.due_reviews(now, limit);
  }
  Task<> check_health() override { return inner_.check_health(); }

 private:
  MetadataStore& inner_;
  ChangeNumbers& changes_;
};

}  // namespace berth
