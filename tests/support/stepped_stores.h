// SteppedStores and Steps: actors that stop before each transaction and each removal of a file, and a scheduler that
// decides who goes on: all orders one after the other, or some by chance.
#pragma once

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "metadata/collection_store.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/metadata_store.h"
#include "metadata/repository_store.h"
#include "metadata/scrub_store.h"
#include "metadata/trash_store.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"

namespace berth {

/// Threading: one loop, whose thread runs run().
class Steps {
 public:
  /// All orders: next_order() goes from one to the next.
  Steps() = default;
  /// One order by chance.
  explicit Steps(std::uint64_t seed) : random_(seed) {}

  /// Where an actor stops until it is chosen. One that has died never goes on.
  Task<> step(int actor) {
    auto initiate = [this, actor](auto handler) {
      auto executor = boost::asio::get_associated_executor(handler);
      waiting_[actor] = [handler = std::move(handler), guard = boost::asio::make_work_guard(executor)]() mutable {
        auto loop = guard.get_executor();
        boost::asio::post(loop, std::move(handler));
      };
    };
    co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void()>(initiate,
                                                                                       boost::asio::use_awaitable);
  }

  /// Runs the loop's actors to their ends. With `dies_after`, actor 0 stops for ever before its step of that number.
  void run(boost::asio::io_context& loop, std::optional<std::size_t> dies_after = {}) {
    depth_ = 0;
    std::size_t steps_of_first = 0;
    loop.poll();
    for (;;) {
      if (dies_after && steps_of_first == *dies_after && waiting_.erase(0) > 0) {
        // What it held is free now.
        loop.restart();
        loop.poll();
      }
      if (waiting_.empty()) break;
      auto chosen = std::next(waiting_.begin(), static_cast<std::ptrdiff_t>(choose(waiting_.size())));
      if (chosen->first == 0) ++steps_of_first;
      std::move_only_function<void()> go_on = std::move(chosen->second);
      waiting_.erase(chosen);
      go_on();
      loop.restart();
      loop.poll();
    }
  }

  /// False when all orders were played.
  bool next_order() {
    while (!path_.empty() && path_.back().chosen + 1 == path_.back().count) path_.pop_back();
    if (path_.empty()) return false;
    ++path_.back().chosen;
    return true;
  }

 private:
  struct Choice {
    std::size_t chosen = 0;
    std::size_t count = 0;
  };

  std::size_t choose(std::size_t count) {
    if (random_) return (*random_)() % count;
    if (depth_ == path_.size()) path_.push_back({.chosen = 0, .count = count});
    return path_[depth_++].chosen;
  }

  std::map<int, std::move_only_function<void()>> waiting_;
  std::vector<Choice> path_;
  std::size_t depth_ = 0;
  std::optional<std::mt19937_64> random_;
};

/// One actor's view of the stores.
class SteppedStores final : public MetadataStore,
                            public CollectionStore,
                            public TrashStore,
                            public RepositoryStore,
                            public ScrubStore,
                            public BlobFiles,
                            public BlobStore {
 public:
  /// What lies beneath. Lifetime: all of it outlives the actors.
  struct World {
    MetadataStore& metadata;
    MemoryMetadataStore& others;  ///< the rest of the metadata
    BlobStore& blobs;
    BlobFiles& files;
  };
  SteppedStores(Steps& steps, int actor, World world)
      : steps_(steps),
        actor_(actor),
        metadata_(world.metadata),
        collection_(world.others),
        trash_(world.others),
        repositories_(world.others),
        scrub_(world.others),
        blobs_(world.blobs),
        files_(world.files) {}

  // --- blobs: removal is a step, the rest belongs to the transaction beside it
  // ----------------------------------------
  Task<std::optional<BlobInfo>> find(Digest digest) override { return blobs_.find(digest); }
  Task<std::optional<ByteSource>> open(Digest digest) override { return after_step(blobs_.open(digest)); }
  Task<> put(Digest digest, SharedBytes bytes) override { return after_step(blobs_.put(digest, std::move(bytes))); }
  Task<bool> delete_without_reference_check(Digest digest) override {
    return after_step(blobs_.delete_without_reference_check(digest));
  }
  Task<StorageSpace> space() override { return blobs_.space(); }
  Task<> check_health() override { return metadata_.check_health(); }

  // --- metadata -----------------------------------------------------------------------------------------------------
  Task<std::optional<std::string>> registry_id() override { return metadata_.registry_id(); }
  Task<> set_registry_id(std::string id) override { return metadata_.set_registry_id(std::move(id)); }
  Task<bool> is_read_only() override { return metadata_.is_read_only(); }
  Task<> set_read_only(bool is_on) override { return metadata_.set_read_only(is_on); }
  Task<std::optional<BlobLink>> find_blob(RepositoryName repository, Digest digest) override {
    return after_step(metadata_.find_blob(std::move(repository), digest));
  }
  Task<std::optional<ManifestRecord>> find_manifest(RepositoryName repository, Digest digest) override {
    return after_step(metadata_.find_manifest(std::move(repository), digest));
  }
  Task<std::optional<ManifestRecord>> find_tagged_manifest(RepositoryName repository, Tag tag) override {
    return after_step(metadata_.find_tagged_manifest(std::move(repository), std::move(tag)));
  }
  Task<std::optional<RepositoryName>> renamed_to(RepositoryName name, WallTime now) override {
    return metadata_.renamed_to(std::move(name), now);
  }
  Task<bool> repository_exists(RepositoryName repository) override {
    return metadata_.repository_exists(std::move(repository));
  }
  Task<Page<Tag>> list_tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit) override {
    return metadata_.list_tags(std::move(repository), std::move(after), limit);
  }
  Task<Page<RepositoryName>> list_repositories(std::optional<std::string> after, std::size_t limit) override {
    return metadata_.list_repositories(std::move(after), limit);
  }
  Task<Page<ReferrerRecord>> list_referrers(RepositoryName repository, Digest subject,
                                            std::optional<std::string> artifact_type, std::optional<Digest> after,
                                            std::size_t limit) override {
    return metadata_.list_referrers(std::move(repository), subject, std::move(artifact_type), after, limit);
  }
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit) override {
    return metadata_.tag_history(std::move(repository), std::move(tag), limit);
  }
  Task<std::optional<QuotaExceeded>> commit_blob(CommitBlob commit) override {
    return after_step(metadata_.commit_blob(std::move(commit)));
  }
  Task<MountOutcome> mount_blob(MountBlob mount) override { return after_step(metadata_.mount_blob(std::move(mount))); }
  Task<bool> renew_blob_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    return after_step(metadata_.renew_blob_promise(std::move(repository), digest, promised_until));
  }
  Task<DeleteBlobOutcome> delete_blob(RepositoryName repository, Digest digest, WallTime now,
                                      WallTime review_due) override {
    return after_step(metadata_.delete_blob(std::move(repository), digest, now, review_due));
  }
  Task<> mark_blob_missing(Digest digest) override { return after_step(metadata_.mark_blob_missing(digest)); }
  Task<std::optional<BlobState>> blob_state(Digest digest) override { return after_step(metadata_.blob_state(digest)); }
  Task<PutManifestOutcome> put_manifest(PutManifest put) override {
    return after_step(metadata_.put_manifest(std::move(put)));
  }
  Task<bool> renew_manifest_promise(RepositoryName repository, Digest digest, WallTime promised_until) override {
    return after_step(metadata_.renew_manifest_promise(std::move(repository), digest, promised_until));
  }
  Task<DeleteTagOutcome> delete_tag(DeleteTag request) override {
    return after_step(metadata_.delete_tag(std::move(request)));
  }
  Task<DeleteManifestOutcome> delete_manifest(DeleteManifest request) override {
    return after_step(metadata_.delete_manifest(std::move(request)));
  }
  Task<std::vector<ManifestCopy>> pending_manifest_copies(std::size_t limit) override {
    return after_step(metadata_.pending_manifest_copies(limit));
  }
  Task<> finish_manifest_copy(std::int64_t queue_id, Digest digest, std::uint64_t size_bytes, WallTime now) override {
    return after_step(metadata_.finish_manifest_copy(queue_id, digest, size_bytes, now));
  }
  // Nobody else sees an upload's row.
  Task<> create_upload(UploadRecord upload) override { return metadata_.create_upload(std::move(upload)); }
  Task<std::optional<UploadRecord>> find_upload(UploadId id) override { return metadata_.find_upload(std::move(id)); }
  Task<std::optional<UploadRecord>> claim_upload(UploadId id, std::string owner, WallTime now) override {
    return metadata_.claim_upload(std::move(id), std::move(owner), now);
  }
  Task<bool> record_upload_progress(UploadId id, std::uint64_t generation, UploadProgress progress,
                                    WallTime now) override {
    return metadata_.record_upload_progress(std::move(id), generation, std::move(progress), now);
  }
  // Before the bytes are put in place.
  Task<bool> record_upload_expectation(UploadId id, std::uint64_t generation, Digest expected, UploadProgress progress,
                                       WallTime now) override {
    return after_step(
        metadata_.record_upload_expectation(std::move(id), generation, expected, std::move(progress), now));
  }
  Task<bool> delete_upload(UploadId id) override { return metadata_.delete_upload(std::move(id)); }
  Task<std::vector<UploadRecord>> list_uploads(WallTime started_before, std::optional<UploadId> after,
                                               std::size_t limit) override {
    return metadata_.list_uploads(started_before, std::move(after), limit);
  }
  Task<std::vector<Review>> due_reviews(WallTime now, std::size_t limit) override {
    return metadata_.due_reviews(now, limit);
  }

  // --- collection ---------------------------------------------------------------------------------------------------
  Task<std::vector<Candidate>> due_candidates(WallTime now, std::size_t limit) override {
    return after_step(collection_.due_candidates(now, limit));
  }
  Task<CandidatePage> all_candidates(WalkPosition from, std::size_t limit) override {
    return after_step(collection_.all_candidates(std::move(from), limit));
  }
  Task<CandidatePage> untagged_manifests(WalkPosition from, std::size_t limit) override {
    return after_step(collection_.untagged_manifests(std::move(from), limit));
  }
  Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) override {
    return after_step(collection_.settle(std::move(candidates), rules));
  }
  std::unique_ptr<CollectionPreview> preview() override { return collection_.preview(); }
  Task<std::vector<DeletingBlob>> deleting_blobs(std::optional<Digest> after, std::size_t limit) override {
    return after_step(collection_.deleting_blobs(after, limit));
  }
  Task<> finish_removals(std::vector<Digest> blobs) override {
    return after_step(collection_.finish_removals(std::move(blobs)));
  }
  Task<Explanation> explain(Digest digest, std::size_t limit) override { return collection_.explain(digest, limit); }
  Task<std::size_t> forget_removals(WallTime before, std::size_t limit) override {
    return collection_.forget_removals(before, limit);
  }

  // --- trash --------------------------------------------------------------------------------------------------------
  Task<Page<TrashedManifest>> list_trash(std::optional<RepositoryName> repository, std::int64_t after,
                                         std::size_t limit) override {
    return after_step(trash_.list_trash(std::move(repository), after, limit));
  }
  Task<RestoreOutcome> restore(RestoreManifest request) override {
    return after_step(trash_.restore(std::move(request)));
  }
  Task<std::size_t> expire_trash(WallTime before, WallTime now, std::size_t limit) override {
    return after_step(trash_.expire_trash(before, now, limit));
  }
  Task<TrashSummary> summarize_trash() override { return trash_.summarize_trash(); }

  // --- repositories as a whole --------------------------------------------------------------------------------------
  Task<DeleteRepositoryOutcome> delete_repository(DeleteRepository request) override {
    return after_step(repositories_.delete_repository(std::move(request)));
  }
  Task<RenameRepositoryOutcome> rename_repository(RenameRepository request) override {
    return after_step(repositories_.rename_repository(std::move(request)));
  }
  Task<Page<RepositoryAlias>> list_aliases(std::optional<RepositoryName> after, std::size_t limit) override {
    return repositories_.list_aliases(std::move(after), limit);
  }
  Task<bool> delete_alias(RepositoryName alias) override { return repositories_.delete_alias(std::move(alias)); }

  // --- scrub: lists are looked at again under the lock, so that when they were read is of no interest ---------------
  Task<std::vector<BlobRecord>> list_blobs(std::optional<Digest> after, std::size_t limit) override {
    return scrub_.list_blobs(after, limit);
  }
  Task<std::vector<BlobRecord>> least_recently_verified(WallTime before, std::optional<BlobRecord> after,
                                                        std::size_t limit) override {
    return scrub_.least_recently_verified(before, after, limit);
  }
  Task<std::optional<BlobRecord>> find_blob_record(Digest digest) override {
    return after_step(scrub_.find_blob_record(digest));
  }
  Task<std::vector<Digest>> without_record(std::vector<Digest> digests) override {
    return after_step(scrub_.without_record(std::move(digests)));
  }
  Task<> record_verified(std::vector<Digest> digests, WallTime now) override {
    return scrub_.record_verified(std::move(digests), now);
  }
  Task<bool> mark_blob_found(Digest digest, WallTime now) override {
    return after_step(scrub_.mark_blob_found(digest, now));
  }
  Task<AffectedImages> images_of(Digest digest, std::size_t limit) override { return scrub_.images_of(digest, limit); }
  Task<std::optional<SharedBytes>> manifest_bytes(Digest digest) override { return scrub_.manifest_bytes(digest); }
  Task<bool> must_compare() override { return scrub_.must_compare(); }
  Task<> set_must_compare(bool is_on) override { return scrub_.set_must_compare(is_on); }
  Task<std::vector<WallTime>> note_orphans(std::vector<Digest> digests, WallTime now) override {
    return after_step(scrub_.note_orphans(std::move(digests), now));
  }
  Task<std::size_t> forget_orphans(WallTime before, std::size_t limit) override {
    return scrub_.forget_orphans(before, limit);
  }
  Task<StoredFilePage> list(FilePosition from, std::size_t limit) override {
    return files_.list(std::move(from), limit);
  }
  Task<std::vector<FileLook>> look_at(std::vector<Digest> digests, std::uint64_t read_up_to_bytes) override {
    return files_.look_at(std::move(digests), read_up_to_bytes);
  }
  Task<std::optional<std::string>> quarantine(Digest digest) override { return after_step(files_.quarantine(digest)); }

 private:
  template <class T>
  Task<T> after_step(Task<T> work) {
    co_await steps_.step(actor_);
    co_return co_await std::move(work);
  }

  Steps& steps_;
  const int actor_;
  MetadataStore& metadata_;
  CollectionStore& collection_;
  TrashStore& trash_;
  RepositoryStore& repositories_;
  ScrubStore& scrub_;
  BlobStore& blobs_;
  BlobFiles& files_;
};

}  // namespace berth
