// The races of data.md 9 that exist today: pushes of one blob by several ways, two writers of an upload, mount, HEAD,
// manifest PUT, deletes, a reader that finds the bytes gone, and crashes at each step. Each seed is another order of
// events.
#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>
#include <functional>
#include <random>
#include <vector>

#include "tests/support/registry_world.h"
#include "tests/support/yielding_metadata_store.h"

namespace berth {
namespace {

constexpr std::uint64_t kSeeds = 400;

RegistryPolicy racing_policy() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  policy.limits.largest_buffer_bytes = 16;
  policy.limits.smallest_buffer_bytes = 16;
  policy.limits.upload_checkpoint_bytes = 32;
  return policy;
}

class Race {
 public:
  Race(std::uint64_t seed, const FaultChances& chances)
      : metadata_(world_.metadata, seed),
        blobs_(world_.storage.blobs(), seed),
        uploads_(world_.storage.uploads(), seed),
        chances_(chances) {
    config_ = world_.push("a", "config");
    image_ = RegistryInMemory::image_of(config_, 6, digest_, bytes_.size());
    restart();
  }

  void restart() {
    registry_ = std::make_unique<Registry>(
        RegistryWorld{.stores = {.blobs = blobs_, .uploads = uploads_, .metadata = metadata_},
                      .locks = {.digests = world_.digest_locks, .uploads = world_.upload_locks},
                      .disk = world_.disk,
                      .clock = world_.clock,
                      .entropy = world_.entropy,
                      .log = *world_.log,
                      .instance_id = "racer-" + std::to_string(++starts_)},
        racing_policy());
  }

  void set_chances(const FaultChances& chances) {
    blobs_.faults().set_chances(chances);
    uploads_.faults().set_chances(chances);
  }

  void run(std::vector<Task<>> actors) {
    set_chances(chances_);
    boost::asio::io_context loop(1);
    for (Task<>& actor : actors) boost::asio::co_spawn(loop, survive(std::move(actor)), boost::asio::detached);
    loop.run();
    set_chances({});
  }

  // --- actors -------------------------------------------------------------------------------------------------------
  Task<> push_in_one() {
    MemoryReader reader(bytes_, {.piece_bytes = 7, .yields = true});
    const auto pushed = co_await registry_->upload_blob.push(
        a_, digest_, {.reader = reader, .length_bytes = bytes_.size(), .offset = {}});
    if (pushed) ++acknowledged_;
  }

  Task<> push_in_two() {
    const auto upload = co_await registry_->start_upload.start(a_, HashAlgorithm::sha256);
    EXPECT_TRUE(upload);
    MemoryReader body(bytes_, {.piece_bytes = 9, .yields = true});
    const auto appended =
        co_await registry_->upload_blob.append(a_, upload->id, {.reader = body, .length_bytes = {}, .offset = 0});
    EXPECT_TRUE(appended);
    MemoryReader nothing("");
    const auto pushed = co_await registry_->upload_blob.finish(a_, upload->id, digest_,
                                                               {.reader = nothing, .length_bytes = 0, .offset = {}});
    EXPECT_TRUE(pushed);
    ++acknowledged_;
  }

  Task<> append_to(UploadId id, std::vector<Result<UploadStatus>>& outcomes) {
    MemoryReader body(bytes_, {.piece_bytes = 5, .yields = true});
    auto appended = co_await registry_->upload_blob.append(a_, id, {.reader = body, .length_bytes = {}, .offset = 0});
    outcomes.push_back(std::move(appended));
  }

  Task<> finish(UploadId id, std::vector<Result<Digest>>& outcomes) {
    MemoryReader body(bytes_, {.piece_bytes = 5, .yields = true});
    auto pushed = co_await registry_->upload_blob.finish(a_, id, digest_,
                                                         {.reader = body, .length_bytes = bytes_.size(), .offset = {}});
    if (pushed) ++acknowledged_;
    outcomes.push_back(std::move(pushed));
  }

  Task<> mount() {
    const auto link = (co_await registry_->start_upload.mount(b_, {.digest = digest_, .from = a_})).value();
    if (link) is_mounted_ = true;
  }

  Task<> remove_blob() { co_await registry_->delete_content.delete_blob(a_, digest_); }

  Task<> remove_manifest() {
    const auto removed = co_await registry_->delete_content.delete_manifest(a_, sha256_of(image_), "");
    if (removed) is_manifest_removed_ = true;
  }

  Task<> put_manifest() {
    const auto pushed = co_await registry_->push_manifest.push(
        {.repository = a_, .reference = tag("v1"), .more_tags = {}, .content_type = "", .bytes = image_});
    if (pushed) {
      ++manifests_acknowledged_;
    } else {
      EXPECT_EQ(pushed.error().code, ErrorCode::manifest_reference_unknown);
    }
  }

  // What a client does that finds the blob there already.
  Task<> head_then_put() {
    const auto found = co_await registry_->pull_blob.find(a_, digest_);
    if (!found) co_return;
    const std::size_t before = manifests_acknowledged_;
    co_await put_manifest();
    if (manifests_acknowledged_ == before) ++broken_promises_;
  }

  Task<> read() {
    const auto blob = co_await registry_->pull_blob.open(a_, digest_, 0);
    if (blob) EXPECT_EQ(read_all(blob->bytes), bytes_);
  }

  Task<> lose_the_file() { co_await world_.storage.blobs().delete_without_reference_check(digest_); }

  // --- what holds when all is quiet
  // -----------------------------------------------------------------------------------
  bool has(const RepositoryName& name) { return run_task(registry_->pull_blob.find(name, digest_)).has_value(); }
  std::optional<std::string> pull(const RepositoryName& name) {
    const auto blob = run_task(registry_->pull_blob.open(name, digest_, 0));
    if (!blob) return std::nullopt;
    return read_all(blob->bytes);
  }
  void expect_whole_images() {
    const auto manifest = run_task(registry_->pull_manifest.get(a_, tag("v1")));
    if (!manifest) return;
    EXPECT_EQ(pull(a_), bytes_) << "a manifest whose layer is gone";
  }
  void expect_nothing_held() {
    EXPECT_EQ(world_.digest_locks.held_count(), 0U);
    EXPECT_EQ(world_.upload_locks.held_count(), 0U);
    EXPECT_EQ(registry_->buffers.free_bytes(), registry_->buffers.total_bytes());
  }
  UploadId start() { return run_task(registry_->start_upload.start(a_, HashAlgorithm::sha256)).value().id; }

  const std::string bytes_ = "the bytes of a layer that takes several buffers to come in";
  const Digest digest_ = sha256_of(bytes_);
  const RepositoryName a_ = repository("a");
  const RepositoryName b_ = repository("b");
  RegistryInMemory world_;
  std::unique_ptr<Registry> registry_;
  std::size_t acknowledged_ = 0;
  std::size_t manifests_acknowledged_ = 0;
  std::size_t broken_promises_ = 0;
  std::size_t failures_ = 0;
  bool is_mounted_ = false;
  bool is_manifest_removed_ = false;

 private:
  Task<> survive(Task<> actor) {
    try {
      co_await std::move(actor);
    } catch (const Failure&) {
      ++failures_;
    }
  }

  YieldingMetadataStore metadata_;
  FaultyBlobStore blobs_;
  FaultyBlobUploads uploads_;
  FaultChances chances_;
  Digest config_ = sha256_of("");
  std::string image_;
  int starts_ = 0;
};

FaultChances slow() {
  FaultChances chances;
  chances.delay = 0.8;
  return chances;
}

FaultChances slow_and_breaking() {
  FaultChances chances = slow();
  chances.failure = 0.04;
  chances.failure_after = 0.1;
  return chances;
}

TEST(Interleaving, PushesOfOneBlobByEveryWayAgree) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Race race(seed, slow());
    std::vector<Task<>> actors;
    for (int i = 0; i < 2; ++i) {
      actors.push_back(race.push_in_one());
      actors.push_back(race.push_in_two());
      actors.push_back(race.mount());
      actors.push_back(race.read());
      actors.push_back(race.head_then_put());
    }
    race.run(std::move(actors));
    EXPECT_EQ(race.failures_, 0U);
    EXPECT_EQ(race.acknowledged_, 4U);
    EXPECT_EQ(race.broken_promises_, 0U) << "what HEAD said was there was refused";
    EXPECT_EQ(race.pull(race.a_), race.bytes_);
    EXPECT_EQ(race.has(race.b_), race.is_mounted_);
    EXPECT_EQ(race.world_.upload_file_count(), 0U);
    race.expect_nothing_held();
  }
}

TEST(Interleaving, OfTwoWritersOfAnUploadOneGoesOn) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Race race(seed, slow());
    const UploadId id = race.start();
    std::vector<Result<UploadStatus>> appended;
    std::vector<Task<>> writers;
    writers.push_back(race.append_to(id, appended));
    writers.push_back(race.append_to(id, appended));
    race.run(std::move(writers));
    ASSERT_EQ(appended.size(), 2U);
    std::size_t successes = 0;
    for (const auto& outcome : appended) {
      if (outcome) {
        ++successes;
        continue;
      }
      const bool is_expected =
          outcome.error().code == ErrorCode::upload_busy || outcome.error().code == ErrorCode::upload_range_invalid;
      EXPECT_TRUE(is_expected);
    }
    EXPECT_EQ(successes, 1U);
    EXPECT_EQ(run_task(race.registry_->uploads.status(race.a_, id)).value().size_bytes, race.bytes_.size());

    const UploadId closing = race.start();
    std::vector<Result<Digest>> finished;
    std::vector<Task<>> finishers;
    for (int i = 0; i < 3; ++i) finishers.push_back(race.finish(closing, finished));
    race.run(std::move(finishers));
    EXPECT_EQ(race.acknowledged_, 1U);
    EXPECT_EQ(race.pull(race.a_), race.bytes_);
    race.expect_nothing_held();
  }
}

TEST(Interleaving, DeletesNeverBreakAnImage) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Race race(seed, slow());
    std::vector<Task<>> actors;
    actors.push_back(race.push_in_one());
    actors.push_back(race.remove_blob());
    actors.push_back(race.put_manifest());
    actors.push_back(race.push_in_two());
    actors.push_back(race.remove_blob());
    actors.push_back(race.head_then_put());
    actors.push_back(race.mount());
    actors.push_back(race.remove_manifest());
    actors.push_back(race.put_manifest());
    actors.push_back(race.read());
    race.run(std::move(actors));
    EXPECT_EQ(race.failures_, 0U);
    race.expect_whole_images();
    if (race.is_mounted_) EXPECT_EQ(race.pull(race.b_), race.bytes_) << "deleting from one repository reached another";
    race.expect_nothing_held();
  }
}

TEST(Interleaving, ALostFileIsHealedByThePushThatRunsBeside) {
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Race race(seed, slow());
    race.world_.push("a", race.bytes_);
    run_task(race.lose_the_file());
    std::vector<Task<>> actors;
    actors.push_back(race.read());
    actors.push_back(race.push_in_one());
    actors.push_back(race.read());
    actors.push_back(race.push_in_two());
    actors.push_back(race.read());
    race.run(std::move(actors));
    EXPECT_EQ(race.acknowledged_, 2U);
    EXPECT_TRUE(race.has(race.a_)) << "a slow reader marked the healed blob as missing";
    EXPECT_EQ(race.pull(race.a_), race.bytes_);
  }
}

TEST(Interleaving, WhatWasAcknowledgedIsThereWhateverBrokeBeside) {
  std::size_t failures = 0;
  for (std::uint64_t seed = 0; seed < kSeeds; ++seed) {
    SCOPED_TRACE(seed);
    Race race(seed, slow_and_breaking());
    const UploadId id = race.start();
    std::vector<Result<Digest>> finished;
    std::vector<Task<>> actors;
    actors.push_back(race.push_in_one());
    actors.push_back(race.finish(id, finished));
    actors.push_back(race.push_in_one());
    actors.push_back(race.mount());
    actors.push_back(race.put_manifest());
    actors.push_back(race.read());
    race.run(std::move(actors));
    failures += race.failures_;
    if (race.acknowledged_ > 0) EXPECT_EQ(race.pull(race.a_), race.bytes_);
    if (race.is_mounted_) EXPECT_EQ(race.pull(race.b_), race.bytes_);
    race.expect_whole_images();
    race.expect_nothing_held();
    // The client whose closing request failed tries again, with a process that knows only what is stored.
    if (finished.empty()) {
      race.restart();
      std::vector<Task<>> again;
      again.push_back(race.finish(id, finished));
      race.run(std::move(again));
      if (!finished.empty() && finished.back()) EXPECT_EQ(race.pull(race.a_), race.bytes_);
    }
  }
  EXPECT_GT(failures, kSeeds / 4) << "the faults did not strike";
}

}  // namespace
}  // namespace berth
