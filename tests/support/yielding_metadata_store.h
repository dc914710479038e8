// YieldingMetadataStore: lets other tasks of the loop run before and after each transaction, by chance from a seed, so
// that a test sees the interleavings that a busy database makes.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstdint>
#include <random>
#include <utility>

#include "metadata/metadata_store.h"

namespace berth {

/// Threading: one loop. Lifetime: `inner` outlives it.
class YieldingMetadataStore final : public MetadataStore {
 public:
  YieldingMetadataStore(MetadataStore& inner, std::uint64_t seed) : inner_(inner), random_(seed) {}

  Task<std::optional<std::string>> registry_id() override { return around(inner_.registry_id()); }
  Task<> set_registry_id(std::string id) override { return around(inner_.set_registry_id(std::move(id))); }
  Task<bool> is_read_only() override { return around(inner_.is_read_only()); }
  Task<> set_read_only(bool is_on) override { return around(inner_.set_read_only(is_on)); }
  Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) override {
    return around(inner_.find_blob(std::move(repository), digest));
  }
  Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) override {
    return around(inner_.find_manifest(std::move(repository), digest));
  }
  Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) override {
    return around(inner_.find_tagged_manifest(std::move(repository), std::move(tag)));
  }
  Task<std::optional<RepositoryName>> renamed_to(RepositoryName name, WallTime now) override {
    return around(inner_.renamed_to(std::move(name), now));
  }
  Task<bool> repository_exists(RepositoryName repository) override {
    return around(inner_.repository_exists(std::move(repository)));
  }
  Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) override {
    return around(inner_.list_tags(std::move(repository), std::move(after), limit));
  }
  Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) override {
    return around(inner_.list_repositories(std::move(after), limit));
  }
  Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                            std::optional<std::string> artifact_type, std::optional<Digest> after,
                                            std::size_t limit) override {
    return around(inner_.list_referrers(std::move(repository), subject, std::move(artifact_type), after, limit));
  }
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) override {
    return around(inner_.tag_history(std::move(repository), std::move(tag), limit));
  }
  Task<std::optional<QuotaExceeded>> commit_blob(CommitBlob commit) override {
    return around(inner_.commit_blob(std::move(commit)));
  }
  Task<MountOutcome> mount_blob(MountBlob mount) override { return around(inner_.mount_blob(std::move(mount))); }
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    return around(inner_.renew_blob_promise(std::move(repository), digest, promised_until));
  }
  Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                      WallTime review_due) override {
    return around(inner_.delete_blob(std::move(repository), digest, now, review_due));
  }
  Task<> mark_blob_missing(Digest digest) override { return around(inner_.mark_blob_missing(digest)); }
  Task<std::optional<BlobState>> blob_state(Digest digest) override { return around(inner_.blob_state(digest)); }
  Task<PutManifestOutcome> put_manifest(PutManifest put) override {
    return around(inner_.put_manifest(std::move(put)));
  }
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    return around(inner_.renew_manifest_promise(std::move(repository), digest, promised_until));
  }
  Task<DeleteTagOutcome> delete_tag(DeleteTag request) override {
    return around(inner_.delete_tag(std::move(request)));
  }
  Task<DeleteManifestOutcome> delete_manifest(DeleteManifest request) override {
    return around(inner_.delete_manifest(std::move(request)));
  }
  Task<std::vector<ManifestCopy>> pending_manifest_copies(std::size_t limit) override {
    return around(inner_.pending_manifest_copies(limit));
  }
  Task<> finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes, WallTime now) override {
    return around(inner_.finish_manifest_copy(queue_id, digest, size_bytes, now));
  }
  Task<> create_upload(UploadRecord upload) override { return around(inner_.create_upload(std::move(upload))); }
  Task<std::optional<UploadRecord>> find_upload(UploadId id) override {
    return around(inner_.find_upload(std::move(id)));
  }
  Task<std::optional<UploadRecord>> claim_upload(UploadId id, std::string owner, WallTime now) override {
    return around(inner_.claim_upload(std::move(id), std::move(owner), now));
  }
  Task<bool> record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                    WallTime now) override {
    return around(inner_.record_upload_progress(std::move(id), generation, std::move(progress), now));
  }
  Task<bool> record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected, UploadProgress progress,
                                       WallTime now) override {
    return around(inner_.record_upload_expectation(std::move(id), generation, expected, std::move(progress), now));
  }
  Task<bool> delete_upload(UploadId id) override { return around(inner_.delete_upload(std::move(id))); }
  Task<std::vector<UploadRecord>> list_uploads(WallTime started_before, std::optional<UploadId> after,
                                               std::size_t limit) override {
    return around(inner_.list_uploads(started_before, std::move(after), limit));
  }
  Task<std::vector<Review>> due_reviews(WallTime now, std::size_t limit) override {
    return around(inner_.due_reviews(now, limit));
  }
  Task<> check_health() override { return around(inner_.check_health()); }

 private:
  template <class T>
  Task<T> around(Task<T> transaction) {
    co_await pause();
    if constexpr (std::is_void_v<T>) {
      co_await std::move(transaction);
      co_await pause();
    } else {
      T result = co_await std::move(transaction);
      co_await pause();
      co_return result;
    }
  }

  // Mostly short; now and then long enough for others to do several things.
  Task<> pause() {
    const std::uint64_t chance = random_() % 16;
    for (std::uint64_t rounds = chance == 0 ? 40 : chance % 4; rounds > 0; --rounds) {
      const auto executor = co_await boost::asio::this_coro::executor;
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
  }

  MetadataStore& inner_;
  std::mt19937_64 random_;
};

}  // namespace berth
