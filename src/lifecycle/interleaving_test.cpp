// Every order of the steps of the collector and of each other actor (data.md 9). A step is one transaction of the
// metadata or the removal of a file; before each the scheduler decides who goes on, and all its decisions are walked
// through.
#include <gtest/gtest.h>

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <functional>
#include <map>
#include <random>
#include <vector>

#include "lifecycle/collector.h"
#include "lifecycle/manifest_copier.h"
#include "tests/support/registry_world.h"
#include "tests/support/stepped_stores.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::seconds kPromise = 100s;

RegistryPolicy racing_policy() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  policy.promise = kPromise;
  policy.review_grace = 0s;
  return policy;
}

/// One registry in memory, and actors that each see it through stores of their own.
class Race {
 public:
  explicit Race(Steps& steps) : steps_(steps) {
    config_ = world_.push("a", "config");
    image_ = RegistryInMemory::image_of(config_, 6, layer_, bytes_.size());
    EXPECT_TRUE(world_.put("a", tag("kept"), RegistryInMemory::image_of(config_, 6, config_, 6)));
  }

  // --- what lies there before the race ------------------------------------------------------------------------------
  void leave_a_layer() {
    world_.push("a", bytes_);
    world_.clock.advance(kPromise + 1s);
  }
  void leave_an_image() {
    world_.push("a", bytes_);
    EXPECT_TRUE(world_.put("a", tag("old"), image_));
    EXPECT_TRUE(run_task(copier(world_.counted).run()));
    world_.clock.advance(kPromise + 1s);
  }
  void leave_a_marked_layer() {
    leave_a_layer();
    std::vector<Candidate> due = run_task(world_.metadata.due_candidates(world_.clock.now(), 100));
    while (run_task(world_.metadata.blob_state(layer_)) == BlobState::present) {
      run_task(world_.metadata.settle(due, {.now = world_.clock.now(), .keep_untagged = 0s}));
      due = run_task(world_.metadata.due_candidates(world_.clock.now(), 100));
    }
  }

  // --- actors -------------------------------------------------------------------------------------------------------
  using Actor = Task<> (Race::*)(int number);

  /// Waits for its turn before it does anything at all.
  Task<> begin(int number, Actor actor) {
    co_await steps_.step(number);
    co_await (this->*actor)(number);
  }

  Task<> collect(int number) {
    SteppedStores stores(steps_, number, world_.counted, world_.metadata, world_.storage.blobs());
    Collector collector({.blobs = stores, .metadata = stores, .collection = stores, .trash = world_.metadata},
                        world_.digest_locks, world_.clock, *world_.log,
                        {.promise = kPromise, .keep_untagged = 0s, .batch_size = 8});
    co_await collector.run({});
  }

  Task<> push(int number) {
    Client client(*this, number);
    MemoryReader reader(bytes_);
    const auto pushed = co_await client.registry.upload_blob.push(
        a_, layer_, {.reader = reader, .length_bytes = bytes_.size(), .offset = {}});
    EXPECT_TRUE(pushed);
    holds_layer_in_a_ = true;
  }

  Task<> mount(int number) {
    Client client(*this, number);
    const auto link = (co_await client.registry.start_upload.mount(b_, {.digest = layer_, .from = a_})).value();
    if (link) holds_layer_in_b_ = true;
  }

  // As a client pushes that finds the layer there.
  Task<> head_and_put(int number) {
    Client client(*this, number);
    const auto found = co_await client.registry.pull_blob.find(a_, layer_);
    if (!found) co_return;
    const auto put = co_await client.registry.push_manifest.push(
        {.repository = a_, .reference = tag("new"), .more_tags = {}, .content_type = "", .bytes = image_});
    EXPECT_TRUE(put) << "HEAD said that the layer is there";
    holds_image_ = true;
  }

  // As a client pushes an index whose child is there: it asks for the child, and never for its layers.
  Task<> head_and_put_index(int number) {
    Client client(*this, number);
    const auto found = co_await client.registry.pull_manifest.find(a_, sha256_of(image_));
    if (!found) co_return;
    const std::string index =
        R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":)"
        R"("application/vnd.oci.image.manifest.v1+json","digest":")" +
        sha256_of(image_).to_string() + R"(","size":)" + std::to_string(image_.size()) + "}]}";
    const auto put = co_await client.registry.push_manifest.push(
        {.repository = a_, .reference = tag("index"), .more_tags = {}, .content_type = "", .bytes = index});
    EXPECT_TRUE(put) << "HEAD said that the child is there";
    holds_image_ = true;
  }

  Task<> delete_tag(int number) {
    Client client(*this, number);
    co_await client.registry.delete_content.delete_tag(a_, tag("old"), {}, "");
  }
  Task<> delete_manifest(int number) {
    Client client(*this, number);
    const auto deleted = co_await client.registry.delete_content.delete_manifest(a_, sha256_of(image_), "", {});
    if (deleted) may_lose_image_ = true;
  }
  Task<> delete_blob(int number) {
    Client client(*this, number);
    const auto deleted = co_await client.registry.delete_content.delete_blob(a_, layer_);
    if (deleted) may_lose_layer_in_a_ = true;
  }
  Task<> copy_manifests(int number) {
    SteppedStores stores(steps_, number, world_.counted, world_.metadata, world_.storage.blobs());
    co_await ManifestCopier(stores, stores, world_.digest_locks, world_.clock).run();
  }
  Task<> pull(int number) {
    Client client(*this, number);
    const auto blob = co_await client.registry.pull_blob.open(a_, layer_, 0);
    if (blob) EXPECT_EQ(read_all(blob->bytes), bytes_);
  }

  // --- what holds when all is quiet ---------------------------------------------------------------------------------
  void expect_promises_kept() {
    if (holds_layer_in_a_ && !may_lose_layer_in_a_) EXPECT_EQ(world_.pull("a", layer_), bytes_) << "pushed and gone";
    if (holds_layer_in_b_) EXPECT_EQ(world_.pull("b", layer_), bytes_) << "mounted and gone";
    if (holds_image_ && !may_lose_image_) {
      EXPECT_TRUE(run_task(world_->pull_manifest.get(a_, sha256_of(image_)))) << "pushed and gone";
    }
    // Whatever manifest is there is whole.
    if (run_task(world_->pull_manifest.get(a_, sha256_of(image_)))) EXPECT_EQ(world_.pull("a", layer_), bytes_);
    EXPECT_EQ(world_.pull("a", config_), "config");
    EXPECT_EQ(world_.digest_locks.held_count(), 0U);
    // Bytes and record agree.
    const auto state = run_task(world_.metadata.blob_state(layer_));
    if (state == BlobState::present)
      EXPECT_TRUE(run_task(world_.storage.blobs().find(layer_))) << "a record without bytes";
  }

  /// Promises end, the collector runs to its end: nothing is left that nobody refers to.
  void expect_nothing_left() {
    world_.clock.advance(kPromise + 1s);
    run_task(copier(world_.counted).run());
    Collector collector({.blobs = world_.storage.blobs(),
                         .metadata = world_.counted,
                         .collection = world_.metadata,
                         .trash = world_.metadata},
                        world_.digest_locks, world_.clock, *world_.log, {.promise = kPromise, .keep_untagged = 0s});
    run_task(collector.run({}));
    const bool is_referred_to = run_task(world_->pull_manifest.get(a_, sha256_of(image_))).has_value();
    EXPECT_EQ(run_task(world_.storage.blobs().find(layer_)).has_value(), is_referred_to);
    EXPECT_EQ(run_task(world_.metadata.blob_state(layer_)).has_value(), is_referred_to);
    if (is_referred_to) EXPECT_EQ(world_.pull("a", layer_), bytes_);
    EXPECT_EQ(world_.pull("a", config_), "config");
    EXPECT_TRUE(run_task(world_.metadata.deleting_blobs(std::nullopt, 10)).empty());
    EXPECT_TRUE(run_task(world_.metadata.due_candidates(world_.clock.now(), 100)).empty());
  }

 private:
  struct Client {
    Client(Race& race, int number)
        : stores(race.steps_, number, race.world_.counted, race.world_.metadata, race.world_.storage.blobs()),
          registry({.stores = {.blobs = stores, .uploads = race.world_.storage.uploads(), .metadata = stores},
                    .locks = {.digests = race.world_.digest_locks, .uploads = race.world_.upload_locks},
                    .disk = race.world_.disk,
                    .clock = race.world_.clock,
                    .entropy = race.world_.entropy,
                    .log = *race.world_.log,
                    .instance_id = "client-" + std::to_string(number)},
                   racing_policy()) {}
    SteppedStores stores;
    Registry registry;
  };

  ManifestCopier copier(MetadataStore& metadata) {
    return {world_.storage.blobs(), metadata, world_.digest_locks, world_.clock};
  }

  Steps& steps_;
  const std::string bytes_ = "the bytes of a layer";
  const Digest layer_ = sha256_of(bytes_);
  const RepositoryName a_ = repository("a");
  const RepositoryName b_ = repository("b");
  RegistryInMemory world_{racing_policy()};
  Digest config_ = sha256_of("");
  std::string image_;
  bool holds_layer_in_a_ = false;
  bool holds_layer_in_b_ = false;
  bool holds_image_ = false;
  bool may_lose_layer_in_a_ = false;
  bool may_lose_image_ = false;
};

struct Scene {
  std::string name;
  void (Race::*prepare)();
  std::vector<Race::Actor> actors;
};

/// Plays one scene; `crashes_after` steps the first actor is never heard of again.
void play(Steps& steps, const Scene& scene, std::optional<std::size_t> crashes_after) {
  Race race(steps);
  (race.*scene.prepare)();
  boost::asio::io_context loop(1);
  int number = 0;
  for (const Race::Actor actor : scene.actors) {
    boost::asio::co_spawn(loop, race.begin(number++, actor), [](std::exception_ptr error) {
      if (error) std::rethrow_exception(error);
    });
  }
  steps.run(loop, crashes_after);
  race.expect_promises_kept();
  race.expect_nothing_left();
}

/// All orders of a scene; how many there were.
std::size_t play_all(const Scene& scene) {
  SCOPED_TRACE(scene.name);
  Steps steps;
  std::size_t orders = 0;
  do {
    play(steps, scene, std::nullopt);
    ++orders;
  } while (steps.next_order() && !testing::Test::HasFailure());
  return orders;
}

const std::vector<Scene>& pairs() {
  static const std::vector<Scene> kPairs{
      {"push over a layer that is being collected", &Race::leave_a_layer, {&Race::collect, &Race::push}},
      {"mount", &Race::leave_a_layer, {&Race::collect, &Race::mount}},
      {"HEAD, then a manifest", &Race::leave_a_layer, {&Race::collect, &Race::head_and_put}},
      {"pull", &Race::leave_a_layer, {&Race::collect, &Race::pull}},
      {"DELETE of the blob", &Race::leave_a_layer, {&Race::collect, &Race::delete_blob}},
      {"two collectors", &Race::leave_a_layer, {&Race::collect, &Race::collect}},
      {"push over a marked layer", &Race::leave_a_marked_layer, {&Race::collect, &Race::push}},
      {"mount of a marked layer", &Race::leave_a_marked_layer, {&Race::collect, &Race::mount}},
      {"HEAD of a marked layer", &Race::leave_a_marked_layer, {&Race::collect, &Race::head_and_put}},
      {"two collectors and a marked layer", &Race::leave_a_marked_layer, {&Race::collect, &Race::collect}},
      {"DELETE of the tag", &Race::leave_an_image, {&Race::collect, &Race::delete_tag}},
      {"DELETE of the manifest", &Race::leave_an_image, {&Race::collect, &Race::delete_manifest}},
      {"HEAD of a child, then an index", &Race::leave_an_image, {&Race::collect, &Race::head_and_put_index}},
      {"HEAD of a layer that an image names", &Race::leave_an_image, {&Race::collect, &Race::head_and_put}},
      {"index PUT and DELETE of the tag", &Race::leave_an_image, {&Race::head_and_put_index, &Race::delete_tag}},
      {"manifest PUT and DELETE of the manifest", &Race::leave_an_image, {&Race::head_and_put, &Race::delete_manifest}},
      {"copies of manifests and a DELETE", &Race::leave_an_image, {&Race::copy_manifests, &Race::delete_manifest}},
      {"two pushes", &Race::leave_a_marked_layer, {&Race::push, &Race::push}},
  };
  return kPairs;
}

}  // namespace

TEST(CollectionInterleaving, EveryOrderOfEveryPairKeepsWhatWasPromised) {
  std::size_t orders = 0;
  for (const Scene& scene : pairs()) {
    const std::size_t of_this = play_all(scene);
    EXPECT_GT(of_this, 1U) << scene.name << ": the two never met";
    orders += of_this;
    if (HasFailure()) break;
  }
  RecordProperty("orders", static_cast<int>(orders));
  std::printf("%zu orders of %zu pairs\n", orders, pairs().size());
}

TEST(CollectionInterleaving, ACollectorThatDiesAtAnyStepLeavesNothingWrong) {
  std::size_t orders = 0;
  for (const Scene& scene : pairs()) {
    if (scene.actors.front() != &Race::collect) continue;
    for (std::size_t after = 0; after < 12 && !HasFailure(); ++after) {
      SCOPED_TRACE(scene.name + ", dies after " + std::to_string(after) + " steps");
      // Orders by chance here: with each point of death they would be too many.
      for (std::uint64_t seed = 0; seed < 10 && !HasFailure(); ++seed) {
        Steps steps(seed);
        play(steps, scene, after);
        ++orders;
      }
    }
  }
  std::printf("%zu runs with a death\n", orders);
}

TEST(CollectionInterleaving, ManyAtOnceKeepWhatWasPromised) {
  const std::vector<Scene> scenes{
      {"a layer",
       &Race::leave_a_layer,
       {&Race::collect, &Race::push, &Race::head_and_put, &Race::mount, &Race::pull, &Race::collect, &Race::push}},
      {"a marked layer",
       &Race::leave_a_marked_layer,
       {&Race::collect, &Race::head_and_put, &Race::push, &Race::mount, &Race::head_and_put, &Race::copy_manifests}},
      {"an image",
       &Race::leave_an_image,
       {&Race::collect, &Race::delete_tag, &Race::head_and_put_index, &Race::head_and_put, &Race::push, &Race::collect,
        &Race::copy_manifests}},
  };
  for (const Scene& scene : scenes) {
    SCOPED_TRACE(scene.name);
    for (std::uint64_t seed = 0; seed < 300 && !HasFailure(); ++seed) {
      SCOPED_TRACE(seed);
      Steps steps(seed);
      play(steps, scene, std::nullopt);
    }
  }
}

}  // namespace berth
