// Race: the collector and whoever works beside it, as actors over one registry in memory; what lies there before they
// begin, and what has to hold when all of them have ended.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <variant>

#include "lifecycle/collector.h"
#include "lifecycle/manifest_copier.h"
#include "lifecycle/scrubber.h"
#include "registry/manage_repository.h"
#include "tests/support/registry_world.h"
#include "tests/support/stepped_stores.h"
#include "tests/support/usage_figures.h"

namespace berth {

/// One registry in memory, and actors that each see it through stores of their own.
class Race {
 public:
  explicit Race(Steps& steps) : steps_(steps) {
    config_ = world_.push("a", "config");
    image_ = RegistryInMemory::image_of(config_, 6, layer_, bytes_.size());
    EXPECT_TRUE(world_.put("a", tag("kept"), RegistryInMemory::image_of(config_, 6, config_, 6)));
  }

  // --- what lies there before the race ------------------------------------------------------------------------------
  void leave_nothing() {}
  void leave_a_layer() {
    world_.push("a", bytes_);
    world_.clock.advance(kPromise + std::chrono::seconds(1));
  }
  void leave_an_image() {
    world_.push("a", bytes_);
    EXPECT_TRUE(world_.put("a", tag("old"), image_));
    EXPECT_TRUE(run_task(copier(world_.counted).run()));
    world_.clock.advance(kPromise + std::chrono::seconds(1));
  }
  void leave_a_marked_layer() {
    leave_a_layer();
    std::vector<Candidate> due = run_task(world_.metadata.due_candidates(world_.clock.now(), 100));
    while (run_task(world_.metadata.blob_state(layer_)) == BlobState::present) {
      run_task(world_.metadata.settle(due, {.now = world_.clock.now(), .keep_untagged = std::chrono::seconds(0)}));
      due = run_task(world_.metadata.due_candidates(world_.clock.now(), 100));
    }
  }
  void leave_an_image_in_the_trash() {
    leave_an_image();
    put_into_trash(a_, sha256_of(image_));
  }
  /// Its bytes are not what they were.
  void leave_a_damaged_layer() {
    leave_an_image();
    run_task(world_.storage.blobs().put(layer_, SharedBytes(std::string("rot"))));
    is_damaged_ = true;
  }
  /// What a push leaves that died between the bytes and their record; long enough ago.
  void leave_an_orphan() {
    run_task(world_.storage.blobs().put(layer_, SharedBytes(std::string(bytes_))));
    run_task(world_.metadata.note_orphans({layer_}, world_.clock.now()));
    world_.clock.advance(kScrubGrace + std::chrono::seconds(1));
  }
  /// A referrer whose subject is not there.
  void leave_a_referrer() {
    world_.push("a", bytes_);
    EXPECT_TRUE(world_.put("a", sha256_of(referrer()), referrer()));
    world_.clock.advance(kPromise + std::chrono::seconds(1));
  }
  void leave_an_image_in_the_full_trash() {
    world_.push(kFull, "config");
    const std::string image = RegistryInMemory::image_of(config_, 6, config_, 6, R"(,"annotations":{"by":"trash"})");
    EXPECT_TRUE(world_.put(kFull, tag("t"), image));
    in_full_trash_ = sha256_of(image);
    put_into_trash(repository(kFull), in_full_trash_);
  }

  // --- actors -------------------------------------------------------------------------------------------------------
  using Actor = Task<> (Race::*)(int number);

  /// Waits for its turn before it does anything at all.
  Task<> begin(int number, Actor actor) {
    co_await steps_.step(number);
    co_await (this->*actor)(number);
  }

  Task<> collect(int number) { return collect_with(number, {}); }
  Task<> collect_and_empty_trash(int number) { return collect_with(number, {.empties_trash = true}); }

  Task<> scrub(int number) {
    SteppedStores stores(steps_, number, stepped_world());
    Scrubber scrubber({.blobs = stores,
                       .files = stores,
                       .metadata = stores,
                       .scrub = stores,
                       .digest_locks = world_.digest_locks,
                       .disk = world_.disk,
                       .clock = world_.clock,
                       .log = *world_.log},
                      {.grace = kScrubGrace});
    // Sizes only: reading bytes takes a thread, whose time no scheduler here decides.
    co_await scrubber.run({.depth = ScrubDepth::sizes, .is_repair = true});
  }

  Task<> push(int number) {
    Client client(*this, number);
    MemoryReader reader(bytes_);
    const auto pushed = co_await client.registry.upload_blob.push(
        a_, layer_, {.reader = reader, .length_bytes = bytes_.size(), .offset = {}});
    EXPECT_TRUE(pushed);
    holds_layer_in_a_ = true;
    is_damaged_ = false;
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
    if (!put && may_lose_a_) co_return;
    EXPECT_TRUE(put) << "HEAD said that the layer is there";
    holds_image_ = true;
  }

  // A client that asks for nothing: it has the parts in the repository.
  Task<> put_image(int number) {
    Client client(*this, number);
    const auto put = co_await client.registry.push_manifest.push(
        {.repository = a_, .reference = tag("new"), .more_tags = {}, .content_type = "", .bytes = image_});
    if (put) holds_image_ = true;
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
    if (!put && may_lose_a_) co_return;
    EXPECT_TRUE(put) << "HEAD said that the child is there";
    holds_image_ = true;
  }

  // A signature first, as some tools do it: asked for, and then the subject that makes it more than an untagged
  // manifest.
  Task<> head_referrer_and_put_subject(int number) {
    Client client(*this, number);
    const auto found = co_await client.registry.pull_manifest.find(a_, sha256_of(referrer()));
    const auto layer = co_await client.registry.pull_blob.find(a_, layer_);
    if (!found || !layer) co_return;
    const auto put = co_await client.registry.push_manifest.push(
        {.repository = a_, .reference = tag("new"), .more_tags = {}, .content_type = "", .bytes = image_});
    EXPECT_TRUE(put) << "HEAD said that the layer is there";
    holds_image_ = holds_referrer_ = true;
  }
  Task<> put_referrer(int number) {
    Client client(*this, number);
    const auto config = co_await client.registry.pull_blob.find(a_, config_);
    if (!config) co_return;
    const auto put = co_await client.registry.push_manifest.push({.repository = a_,
                                                                  .reference = sha256_of(referrer()),
                                                                  .more_tags = {},
                                                                  .content_type = "",
                                                                  .bytes = referrer()});
    if (!put && may_lose_a_) co_return;
    EXPECT_TRUE(put) << "HEAD said that the config is there";
    holds_referrer_ = true;
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
    SteppedStores stores(steps_, number, stepped_world());
    co_await ManifestCopier(stores, stores, world_.digest_locks, world_.clock).run();
  }
  Task<> pull(int number) {
    Client client(*this, number);
    const auto blob = co_await client.registry.pull_blob.open(a_, layer_, 0);
    if (blob) EXPECT_EQ(read_all(blob->bytes), bytes_);
  }

  Task<> undo(int number) {
    Client client(*this, number);
    const auto undone = co_await client.undo.restore_manifest(a_, sha256_of(image_), "");
    if (undone) holds_image_ = true;
  }
  Task<> delete_repository(int number) {
    Client client(*this, number);
    // From here on: what is deleted when is decided inside.
    may_lose_a_ = may_lose_image_ = may_lose_layer_in_a_ = true;
    co_await client.manage.remove(a_, "", {});
  }
  Task<> bring_repository_back(int number) {
    Client client(*this, number);
    const auto back = co_await client.manage.bring_back(a_, "");
    if (back && back->manifests > 0) is_back_ = true;
  }
  Task<> rename(int number) {
    Client client(*this, number);
    is_renamed_ = (co_await client.manage.rename(a_, c_, std::chrono::seconds(1000))).has_value();
    EXPECT_TRUE(is_renamed_);
  }

  Task<> rename_if_there(int number) {
    Client client(*this, number);
    if (co_await client.manage.rename(a_, c_, std::chrono::seconds(1000))) is_renamed_ = true;
  }

  Task<> push_into_full(int number) {
    Client client(*this, number);
    const auto link = co_await client.registry.start_upload.mount(repository(kFull), {.digest = config_, .from = a_});
    EXPECT_TRUE(link && *link);
    const std::string image = RegistryInMemory::image_of(config_, 6, config_, 6,
                                                         R"(,"annotations":{"by":")" + std::to_string(number) + "\"}");
    const auto put = co_await client.registry.push_manifest.push({.repository = repository(kFull),
                                                                  .reference = tag("t" + std::to_string(number)),
                                                                  .more_tags = {},
                                                                  .content_type = "",
                                                                  .bytes = image});
    note_full(put);
  }
  Task<> undo_into_full(int number) {
    Client client(*this, number);
    const auto undone = co_await client.undo.restore_manifest(repository(kFull), in_full_trash_, "");
    // The trash was emptied, or what was restored is there already: nobody asked for room.
    if (!undone && undone.error().code == ErrorCode::not_found) co_return;
    note_full(undone);
  }

  // --- what holds when all is quiet ---------------------------------------------------------------------------------
  void expect_promises_kept() {
    if (holds_layer_in_a_ && !may_lose_layer_in_a_) EXPECT_EQ(pull_from_a(layer_), bytes_) << "pushed and gone";
    if (holds_layer_in_b_) EXPECT_EQ(world_.pull("b", layer_), bytes_) << "mounted and gone";
    if (holds_image_ && !may_lose_image_) EXPECT_TRUE(a_has(sha256_of(image_))) << "pushed and gone";
    if (holds_referrer_ && !may_lose_a_) EXPECT_TRUE(a_has(sha256_of(referrer()))) << "pushed and gone";
    if (is_back_) EXPECT_TRUE(a_has(sha256_of(image_))) << "brought back and gone";
    // Whatever manifest is there is whole, or its layer is known to be not.
    if (a_has(sha256_of(image_))) EXPECT_EQ(pull_from_a(layer_), is_damaged_ ? std::nullopt : std::optional(bytes_));
    if (!may_lose_a_) EXPECT_EQ(pull_from_a(config_), "config");
    EXPECT_EQ(world_.digest_locks.held_count(), 0U);
    // Bytes and record agree.
    const auto state = run_task(world_.metadata.blob_state(layer_));
    if (state == BlobState::present)
      EXPECT_TRUE(run_task(world_.storage.blobs().find(layer_))) << "a record without bytes";
    // Of two that wanted the last place one got it, and whoever was refused was refused for that.
    if (asked_full_ > 0) EXPECT_EQ(took_full_, 1U);
    EXPECT_EQ(kept_figures(world_.metadata, 1), counted_figures(world_.metadata, world_.policy.quotas.scopes()));
  }

  /// Promises end, the collector runs to its end: nothing is left that nobody refers to.
  void expect_nothing_left() {
    world_.clock.advance(kPromise + std::chrono::seconds(1));
    run_task(copier(world_.counted).run());
    Collector collector({.blobs = world_.storage.blobs(),
                         .metadata = world_.counted,
                         .collection = world_.metadata,
                         .trash = world_.metadata},
                        world_.digest_locks, world_.clock, *world_.log,
                        {.promise = kPromise, .keep_untagged = std::chrono::seconds(0)});
    run_task(collector.run({}));
    const bool is_referred_to = a_has(sha256_of(image_));
    // A file without a record is the scrubber's, and it may have been seen for the first time a moment ago.
    const bool is_on_record = run_task(world_.metadata.blob_state(layer_)).has_value();
    EXPECT_EQ(is_on_record, is_referred_to);
    if (!left_an_orphan() && !is_damaged_) {
      EXPECT_EQ(run_task(world_.storage.blobs().find(layer_)).has_value(), is_referred_to);
    }
    if (is_referred_to && !is_damaged_) EXPECT_EQ(pull_from_a(layer_), bytes_);
    if (!may_lose_a_) EXPECT_EQ(pull_from_a(config_), "config");
    EXPECT_TRUE(run_task(world_.metadata.deleting_blobs(std::nullopt, 10)).empty());
    EXPECT_TRUE(run_task(world_.metadata.due_candidates(world_.clock.now(), 100)).empty());
    EXPECT_EQ(kept_figures(world_.metadata, 1), counted_figures(world_.metadata, world_.policy.quotas.scopes()));
  }

 private:
  static constexpr std::chrono::seconds kPromise{100};
  static constexpr std::chrono::seconds kTrash{1000};
  static constexpr const char* kFull = "full";  // a repository that takes one manifest
  static constexpr std::chrono::seconds kScrubGrace{50};

  static RegistryPolicy racing_policy(bool uses_trash) {
    RegistryPolicy policy;
    policy.allows_deletes = true;
    policy.promise = kPromise;
    policy.review_grace = std::chrono::seconds(0);
    policy.uses_trash = uses_trash;
    policy.quotas = QuotaPolicy({{.repositories = NamePattern::parse_repository(kFull).value(), .manifests = 1}});
    return policy;
  }

  struct Client {
    Client(Race& race, int number)
        : stores(race.steps_, number, race.stepped_world()),
          registry({.stores = {.blobs = stores, .uploads = race.world_.storage.uploads(), .metadata = stores},
                    .locks = {.digests = race.world_.digest_locks, .uploads = race.world_.upload_locks},
                    .disk = race.world_.disk,
                    .clock = race.world_.clock,
                    .entropy = race.world_.entropy,
                    .log = *race.world_.log,
                    .instance_id = "client-" + std::to_string(number)},
                   racing_policy(race.uses_trash_)),
          aliases(stores, race.world_.clock),
          undo(stores, stores, registry.push_manifest, registry.delete_content, race.world_.clock, registry.policy,
               registry.read_only),
          manage({.metadata = stores,
                  .repositories = stores,
                  .trash = stores,
                  .aliases = aliases,
                  .undo = undo,
                  .read_only = registry.read_only,
                  .clock = race.world_.clock},
                 registry.policy) {}
    SteppedStores stores;
    Registry registry;
    AliasBook aliases;
    UndoChange undo;
    ManageRepository manage;
  };

  void put_into_trash(RepositoryName repository, Digest manifest) {
    uses_trash_ = true;
    const WallTime now = world_.clock.now();
    const DeleteManifestOutcome outcome = run_task(world_.metadata.delete_manifest({.repository = std::move(repository),
                                                                                    .digest = manifest,
                                                                                    .who = "",
                                                                                    .now = now,
                                                                                    .review_due = now,
                                                                                    .to_trash = true}));
    EXPECT_TRUE(std::holds_alternative<ManifestDeleted>(outcome));
    world_.clock.advance(std::chrono::seconds(1));
  }

  SteppedStores::World stepped_world() {
    return {.metadata = world_.counted,
            .others = world_.metadata,
            .blobs = world_.storage.blobs(),
            .files = world_.storage.files()};
  }

  Task<> collect_with(int number, CollectionRequest request) {
    SteppedStores stores(steps_, number, stepped_world());
    // Where nothing is in the trash a look at it is no step, which halves the orders and more.
    TrashStore& trash = uses_trash_ ? static_cast<TrashStore&>(stores) : world_.metadata;
    Collector collector({.blobs = stores, .metadata = stores, .collection = stores, .trash = trash},
                        world_.digest_locks, world_.clock, *world_.log,
                        {.promise = kPromise,
                         .keep_untagged = std::chrono::seconds(0),
                         .keep_trash = uses_trash_ ? kTrash : std::chrono::seconds(0),
                         .batch_size = 8});
    co_await collector.run(std::move(request));
  }

  ManifestCopier copier(MetadataStore& metadata) {
    return {world_.storage.blobs(), metadata, world_.digest_locks, world_.clock};
  }

  std::string referrer() const {
    return RegistryInMemory::image_of(
        config_, 6, config_, 6,
        R"(,"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":")" +
            sha256_of(image_).to_string() + R"(","size":)" + std::to_string(image_.size()) + "}");
  }

  /// "a" by the name that it has now, which is what clients see.
  bool a_has(const Digest& manifest) {
    return run_task(world_->pull_manifest.get(is_renamed_ ? c_ : a_, manifest)).has_value();
  }
  std::optional<std::string> pull_from_a(const Digest& blob) { return world_.pull(is_renamed_ ? "c" : "a", blob); }

  bool left_an_orphan() {
    return run_task(world_.storage.blobs().find(layer_)) && !run_task(world_.metadata.blob_state(layer_));
  }

  template <class T>
  void note_full(const Result<T>& taken) {
    ++asked_full_;
    if (taken) {
      ++took_full_;
    } else {
      EXPECT_EQ(taken.error().code, ErrorCode::quota_exceeded) << taken.error().message;
    }
  }

  Steps& steps_;
  const std::string bytes_ = "the bytes of a layer";
  const Digest layer_ = sha256_of(bytes_);
  const RepositoryName a_ = repository("a");
  const RepositoryName b_ = repository("b");
  const RepositoryName c_ = repository("c");
  bool uses_trash_ = false;
  RegistryInMemory world_{racing_policy(false)};
  Digest config_ = sha256_of("");
  Digest in_full_trash_ = sha256_of("");
  std::string image_;
  bool holds_layer_in_a_ = false;
  bool holds_layer_in_b_ = false;
  bool holds_image_ = false;
  bool holds_referrer_ = false;
  bool is_back_ = false;
  bool is_damaged_ = false;
  bool is_renamed_ = false;
  bool may_lose_layer_in_a_ = false;
  bool may_lose_image_ = false;
  bool may_lose_a_ = false;
  std::size_t asked_full_ = 0;
  std::size_t took_full_ = 0;
};

}  // namespace berth
