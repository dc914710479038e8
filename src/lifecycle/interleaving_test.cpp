// Every order of the steps of the collector and of each other actor (data.md 9). A step is one transaction of the
// metadata or the removal of a file; before each the scheduler decides who goes on, and all its decisions are walked
// through.
#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <cstdio>
#include <exception>
#include <optional>
#include <string>
#include <vector>

#include "lifecycle/race_fixture.h"
#include "tests/support/stepped_stores.h"

namespace berth {
namespace {

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
    boost::asio::co_spawn(loop, race.begin(number++, actor), [](const std::exception_ptr& error) {
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
      {"a referrer's subject", &Race::leave_a_referrer, {&Race::collect, &Race::head_referrer_and_put_subject}},
      {"a referrer", &Race::leave_an_image, {&Race::collect, &Race::put_referrer}},
      {"a referrer and DELETE of its subject", &Race::leave_an_image, {&Race::put_referrer, &Race::delete_manifest}},
      {"undo", &Race::leave_an_image_in_the_trash, {&Race::collect, &Race::undo}},
      {"undo while the trash is emptied",
       &Race::leave_an_image_in_the_trash,
       {&Race::collect_and_empty_trash, &Race::undo}},
      {"undo and the same manifest again", &Race::leave_an_image_in_the_trash, {&Race::undo, &Race::put_image}},
      {"undo and a DELETE", &Race::leave_an_image_in_the_trash, {&Race::undo, &Race::delete_manifest}},
      {"push over what the trash keeps",
       &Race::leave_an_image_in_the_trash,
       {&Race::collect_and_empty_trash, &Race::push}},
      {"a repository goes", &Race::leave_an_image, {&Race::collect, &Race::delete_repository}},
      {"a repository goes under a push", &Race::leave_an_image, {&Race::head_and_put, &Race::delete_repository}},
      {"a repository goes under a push of its layer", &Race::leave_a_layer, {&Race::push, &Race::delete_repository}},
      {"a repository comes back",
       &Race::leave_an_image_in_the_trash,
       {&Race::collect_and_empty_trash, &Race::bring_repository_back}},
      {"a repository is renamed", &Race::leave_an_image, {&Race::collect, &Race::rename}},
      {"a repository is renamed under a push", &Race::leave_a_layer, {&Race::push, &Race::rename}},
      {"a repository is renamed under HEAD and PUT", &Race::leave_a_layer, {&Race::rename, &Race::head_and_put}},
      {"a repository is renamed and goes", &Race::leave_an_image, {&Race::rename_if_there, &Race::delete_repository}},
      {"a repository is renamed under a manifest", &Race::leave_an_image, {&Race::rename, &Race::put_image}},
      {"two for the last place", &Race::leave_nothing, {&Race::push_into_full, &Race::push_into_full}},
      {"undo and a push for the last place",
       &Race::leave_an_image_in_the_full_trash,
       {&Race::push_into_full, &Race::undo_into_full}},
      {"scrub and a push", &Race::leave_nothing, {&Race::scrub, &Race::push}},
      {"scrub and a push over an orphan", &Race::leave_an_orphan, {&Race::scrub, &Race::push}},
      {"scrub and a push over damage", &Race::leave_a_damaged_layer, {&Race::scrub, &Race::push}},
      {"scrub and a push over a marked layer", &Race::leave_a_marked_layer, {&Race::scrub, &Race::push}},
      {"scrub and the collector", &Race::leave_a_layer, {&Race::collect, &Race::scrub}},
      {"two scrubs", &Race::leave_a_damaged_layer, {&Race::scrub, &Race::scrub}},
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
      {"an image in the trash",
       &Race::leave_an_image_in_the_trash,
       {&Race::collect, &Race::undo, &Race::push, &Race::put_image, &Race::delete_manifest,
        &Race::collect_and_empty_trash}},
      {"a repository that moves and goes",
       &Race::leave_an_image,
       {&Race::collect, &Race::rename_if_there, &Race::head_and_put, &Race::push, &Race::delete_repository,
        &Race::put_referrer}},
      {"damage",
       &Race::leave_a_damaged_layer,
       {&Race::scrub, &Race::push, &Race::collect, &Race::delete_tag, &Race::scrub}},
      {"one place",
       &Race::leave_an_image_in_the_full_trash,
       {&Race::push_into_full, &Race::undo_into_full, &Race::push_into_full, &Race::collect}},
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
