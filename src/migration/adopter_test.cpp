#include "migration/adopter.h"

#include <algorithm>

#include "migration/migration_fixture.h"

namespace berth {
namespace {

using Problems = std::vector<std::pair<ProblemKind, std::string>>;

class AdopterTest : public MigrationTest {};

TEST_F(AdopterTest, TakesOverWhatThereIs) {
  const Digest one = volume_.push("team/app", {"base", "one"}, "v1");
  const Digest two = volume_.push("team/app", {"base", "two"}, "v2");
  volume_.link_tag("team/app", "latest", two);
  const Digest other = volume_.push("other", {"base"}, "v1");
  const AdoptionRecord record = adopt();
  EXPECT_EQ(record.state, AdoptionState::complete);
  EXPECT_EQ(record.counts, (AdoptionCounts{.repositories = 2, .tags = 4, .manifests = 3, .layers = 6}));
  EXPECT_EQ(record.problems, 0U);
  EXPECT_EQ(named_by("team/app", "v1"), one);
  EXPECT_EQ(named_by("team/app", "latest"), two);
  EXPECT_EQ(named_by("other", "v1"), other);
  EXPECT_TRUE(has_blob("team/app", digest("two")));
  EXPECT_FALSE(has_blob("other", digest("two"))) << "the link is the proof that a repository may serve a blob";
  EXPECT_TRUE(run_task(metadata_->pending_manifest_copies(10)).empty()) << "manifests lie among the blobs already";
  EXPECT_TRUE(run_task(metadata_->scrub().without_record({one, two, other})).empty());
}

TEST_F(AdopterTest, DoingItAgainChangesNothing) {
  volume_.push("a", {"x"}, "v1");
  adopt();
  const auto history = run_task(metadata_->tag_history(name("a"), tag("v1"), 10));
  const AdoptionRecord again = adopt();
  EXPECT_EQ(again.counts, (AdoptionCounts{.repositories = 1, .tags = 1, .manifests = 1, .layers = 2}));
  EXPECT_EQ(run_task(metadata_->tag_history(name("a"), tag("v1"), 10)).size(), history.size());
}

TEST_F(AdopterTest, GoesOnWhereItWasStopped) {
  for (int i = 0; i < 6; ++i) volume_.push("r" + std::to_string(i), {"x"}, "v1", std::to_string(i));
  run_task(metadata_->adoption().begin_adoption(AdoptionKind::first, clock_.now()));
  Adopter one = adopter();
  int asked = 0;
  AdoptionRun cut{.kind = AdoptionKind::first, .began = WallTime::max()};
  cut.should_stop = [&asked] { return ++asked > 4; };
  EXPECT_FALSE(run_task(one.run(std::move(cut))));
  const AdoptionCounts half = run_task(metadata_->adoption().adoption(AdoptionKind::first))->counts;
  EXPECT_GT(half.repositories, 0U);
  EXPECT_LT(half.repositories, 6U);
  open();
  Adopter next = adopter();
  EXPECT_TRUE(run_task(next.run({.kind = AdoptionKind::first, .began = WallTime::max()})));
  const AdoptionRecord record = run_task(metadata_->adoption().adoption(AdoptionKind::first)).value();
  EXPECT_EQ(record.counts, (AdoptionCounts{.repositories = 6, .tags = 6, .manifests = 6, .layers = 12}));
}

TEST_F(AdopterTest, WhatWasPushedMeanwhileStands) {
  volume_.push("a", {"x"}, "v1");
  volume_.push("a", {"x"}, "v2", "deleted by a client before it was read");
  const Digest pushed = push_manifest("a", R"({"schemaVersion":2})", "v1");
  push_manifest("a", R"({"schemaVersion":2})", "v2");
  run_task(metadata_->delete_tag({.repository = name("a"),
                                  .tag = tag("v2"),
                                  .limits = {},
                                  .who = "alice",
                                  .now = clock_.now(),
                                  .review_due = clock_.now()}));
  adopt();
  EXPECT_EQ(named_by("a", "v1"), pushed);
  EXPECT_FALSE(named_by("a", "v2").has_value());
}

TEST_F(AdopterTest, KnowsWhatATagNamedBefore) {
  const Digest one = volume_.push("a", {"x"}, "v1", "one");
  const auto current = volume_.path(layout::tag_path("a", "v1") + "/index/sha256/" + one.hex() + "/link");
  std::filesystem::last_write_time(current, std::filesystem::last_write_time(current) - std::chrono::hours(1));
  const Digest two = volume_.push("a", {"x"}, "v1", "two");
  adopt();
  const std::vector<TagChange> history = run_task(metadata_->tag_history(name("a"), tag("v1"), 10));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].from, one);
  EXPECT_EQ(history[0].to, two);
  EXPECT_FALSE(history[1].from.has_value());
  EXPECT_EQ(history[1].to, one);
  EXPECT_LT(history[1].when, history[0].when);
}

TEST_F(AdopterTest, NamesWhatItCannotRead) {
  volume_.push("a", {"good"}, "good");
  const Digest truncated = volume_.push("a", {"truncated"}, "t");
  volume_.write(layout::blob_path(digest("truncated")), "trunc");
  const Digest missing = volume_.push("a", {"missing"}, "m");
  std::filesystem::remove(volume_.path(layout::blob_path(digest("missing"))));
  const Digest gone = volume_.push("a", {"good"}, "gone", "its blob is not there");
  std::filesystem::remove(volume_.path(layout::blob_path(gone)));
  const Digest damaged = volume_.push("a", {"good"}, "", "its blob is another");
  volume_.write(layout::blob_path(damaged), "{}");
  const Digest old = volume_.put_blob(R"({"schemaVersion":1,"name":"a","tag":"v1"})");
  volume_.link_revision("a", old);
  volume_.write(layout::tag_path("a", "empty") + "/current/link", "");
  volume_.write("docker/registry/v2/repositories/a/_manifests/tags/-not-a-tag/current/link", old.to_string());
  volume_.write("docker/registry/v2/repositories/Not_A_Name/_manifests/tags/v1/current/link", old.to_string());
  volume_.write("docker/registry/v2/repositories/a/_uploads/half/data", "12345");
  const AdoptionRecord record = adopt();
  Problems found = problems();
  std::ranges::sort(found);
  Problems expected{{ProblemKind::missing_manifest, gone.to_string()},
                    {ProblemKind::damaged_manifest, damaged.to_string()},
                    {ProblemKind::old_manifest, old.to_string()},
                    {ProblemKind::missing_blob, digest("missing").to_string()},
                    {ProblemKind::damaged_blob, digest("truncated").to_string()},
                    {ProblemKind::broken_link, "tag empty"},
                    {ProblemKind::invalid_tag, "-not-a-tag"},
                    {ProblemKind::invalid_name, ""},
                    {ProblemKind::dangling_tag, "gone"},
                    {ProblemKind::unfinished_upload, "half"}};
  std::ranges::sort(expected);
  EXPECT_EQ(found, expected);
  EXPECT_EQ(record.problems, 10U);
  EXPECT_EQ(record.holding, 8U) << "all but the dangling tag and the upload";
  // The manifests that name them are on record; their blobs answer 404 until they are pushed again.
  EXPECT_TRUE(has_manifest("a", truncated));
  EXPECT_TRUE(has_manifest("a", missing));
  EXPECT_FALSE(has_blob("a", digest("truncated")));
  EXPECT_FALSE(has_blob("a", digest("missing")));
  EXPECT_EQ(run_task(metadata_->blob_state(digest("missing"))), BlobState::missing);
  EXPECT_EQ(run_task(metadata_->adoption().accept_losses()), 8U);
  EXPECT_EQ(run_task(metadata_->adoption().adoption(AdoptionKind::first))->holding, 0U);
}

TEST_F(AdopterTest, ALinkThatCannotBeReadIsTakenFromItsPlaceIfTheBytesAreRight) {
  const Digest manifest = volume_.push("a", {"x"}, "v1");
  volume_.write(layout::revision_path("a", manifest) + "/link", "");
  volume_.write(layout::layer_path("a", digest("x")) + "/link", "nonsense");
  adopt();
  EXPECT_EQ(named_by("a", "v1"), manifest);
  EXPECT_TRUE(has_blob("a", digest("x")));
  EXPECT_EQ(problems().size(), 2U);
}

TEST_F(AdopterTest, AManifestThatSaysAWrongSizeDoesNotCondemnItsBlob) {
  const std::string layer = "sound";
  const Digest blob = volume_.put_blob(layer);
  volume_.link_layer("a", blob);
  const std::string text =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
  const Digest index = volume_.put_blob(text);
  volume_.link_revision("a", index);
  std::string lying =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":{"mediaType":)"
      R"("application/vnd.oci.image.config.v1+json","size":99,"digest":")" +
      blob.to_string() + R"("},"layers":[]})";
  volume_.link_revision("a", volume_.put_blob(lying));
  adopt();
  EXPECT_TRUE(has_blob("a", blob));
  EXPECT_TRUE(problems().empty());
}

TEST_F(AdopterTest, ReadsManifestsWithoutAMediaTypeAsDistributionDoes) {
  volume_.put_blob("{}");
  const std::string config = R"({"mediaType":"application/vnd.oci.image.config.v1+json","size":2,"digest":")" +
                             digest("{}").to_string() + R"("})";
  const Digest image = volume_.put_blob(R"({"schemaVersion":2,"config":)" + config + R"(,"layers":[]})");
  const Digest index = volume_.put_blob(R"({"schemaVersion":2,"manifests":[]})");
  volume_.link_revision("a", image);
  volume_.link_revision("a", index);
  adopt();
  EXPECT_EQ(run_task(metadata_->find_manifest(name("a"), image))->media_type, media_type::kOciManifest);
  EXPECT_EQ(run_task(metadata_->find_manifest(name("a"), index))->media_type, media_type::kOciIndex);
}

TEST_F(AdopterTest, LinksThatOutlivedTheirBlobsAreNoLoss) {
  volume_.push("a", {"x"}, "v1");
  volume_.link_layer("a", digest("collected long ago"));
  EXPECT_EQ(adopt().problems, 0U);
  EXPECT_FALSE(run_task(metadata_->blob_state(digest("collected long ago"))).has_value());
}

TEST_F(AdopterTest, BlobsThatNothingUsesAreLookedAtByTheCollectorAfterGrace) {
  volume_.push("a", {"x"}, "v1");
  const Digest orphan = volume_.put_blob("nobody links it");
  const Digest linked = volume_.put_blob("linked, and no manifest names it");
  volume_.link_layer("a", linked);
  EXPECT_EQ(adopt().counts.unlinked, 1U);
  const auto due = [this](std::chrono::hours after) {
    return run_task(metadata_->due_reviews(clock_.now() + after, 10));
  };
  EXPECT_TRUE(due(std::chrono::hours(23)).empty());
  std::vector<Digest> reviewed;
  for (const Review& review : due(std::chrono::hours(25))) reviewed.push_back(review.digest);
  std::ranges::sort(reviewed);
  std::vector<Digest> expected{orphan, linked};
  std::ranges::sort(expected);
  EXPECT_EQ(reviewed, expected);
}

TEST_F(AdopterTest, VerifyingFindsAChangedByteOfTheSameLength) {
  volume_.push("a", {"right"}, "v1");
  volume_.write(layout::blob_path(digest("right")), "wrong");
  EXPECT_EQ(adopt().problems, 0U) << "sizes do not tell";
  EXPECT_EQ(adopt(AdoptionKind::first, {.is_verifying = true}).problems, 1U);
  EXPECT_FALSE(has_blob("a", digest("right")));
}

TEST_F(AdopterTest, NoticesARegistryThatIsStillRunningAndReadsAgain) {
  volume_.push("a", {"x"}, "v1");
  run_task(metadata_->adoption().begin_adoption(AdoptionKind::first, clock_.now()));
  Adopter one = adopter();
  bool has_pushed = false;
  AdoptionRun run{.kind = AdoptionKind::first, .began = clock_.now() + std::chrono::hours(1)};
  Digest late = digest("");
  run.on_progress = [&](std::uint64_t, std::uint64_t) {
    if (std::exchange(has_pushed, true)) return;
    late = volume_.push("a", {"y"}, "late");
    // Younger than the beginning, whatever the clock's ticks are.
    std::filesystem::last_write_time(volume_.path("docker/registry/v2/repositories/a/_manifests/tags"),
                                     std::filesystem::file_time_type::clock::now() + std::chrono::hours(2));
  };
  EXPECT_TRUE(run_task(one.run(std::move(run))));
  EXPECT_EQ(named_by("a", "late"), late);
  EXPECT_EQ(problems(), (Problems{{ProblemKind::changed_meanwhile, ""}}));
}

// --- Handed back, and back again

class MergeTest : public MigrationTest {
 protected:
  MergeTest() {
    one_ = volume_.push("a", {"x"}, "v1", "one");
    two_ = volume_.push("a", {"y"}, "v2", "two");
    adopt();
    run_task(metadata_->links().set_link_state(LinkTreeState::current));
  }
  /// As the collector does it, but for the files.
  void settle_all() {
    const WallTime now = clock_.now() + std::chrono::hours(48);
    for (int round = 0; round < 4; ++round) {
      std::vector<Candidate> due = run_task(metadata_->collection().due_candidates(now, 100));
      run_task(metadata_->collection().settle(std::move(due), {.now = now}));
    }
  }

  Digest one_ = digest("");
  Digest two_ = digest("");
};

TEST_F(MergeTest, WhatTheOtherRegistryDidIsTakenOver) {
  const Digest late = volume_.push("late", {"z"}, "v1");
  volume_.link_tag("a", "v1", two_);                                                  // moved
  std::filesystem::remove_all(volume_.path(layout::tag_path("a", "v2")));             // deleted
  std::filesystem::remove(volume_.path(layout::revision_path("a", one_) + "/link"));  // deleted
  const AdoptionRecord record = adopt(AdoptionKind::merge);
  EXPECT_EQ(named_by("a", "v1"), two_);
  EXPECT_FALSE(named_by("a", "v2").has_value());
  EXPECT_FALSE(has_manifest("a", one_));
  EXPECT_EQ(named_by("late", "v1"), late);
  EXPECT_EQ(record.counts.removed, 2U);
  EXPECT_EQ(run_task(metadata_->tag_history(name("a"), tag("v1"), 1)).at(0).who, "distribution");
}

TEST_F(MergeTest, WhatWaitsToBeWrittenStands) {
  // Changed by Berth, and the tree does not know yet.
  const Digest pushed = push_manifest("a", R"({"schemaVersion":2})", "v1");
  push_blob("a", "pushed");
  run_task(metadata_->delete_manifest(
      {.repository = name("a"), .digest = two_, .who = "alice", .now = clock_.now(), .review_due = clock_.now()}));
  const AdoptionRecord record = adopt(AdoptionKind::merge);
  EXPECT_EQ(named_by("a", "v1"), pushed);
  EXPECT_TRUE(has_manifest("a", pushed));
  EXPECT_TRUE(has_blob("a", digest("pushed")));
  EXPECT_FALSE(has_manifest("a", two_));
  EXPECT_EQ(record.counts.removed, 0U);
}

TEST_F(MergeTest, WhatBerthRemovedIsNoLossWhileTheTreeDoesNotKnow) {
  run_task(metadata_->delete_manifest(
      {.repository = name("a"), .digest = two_, .who = "alice", .now = clock_.now(), .review_due = clock_.now()}));
  run_task(metadata_->delete_blob(name("a"), digest("y"), clock_.now(), clock_.now()));
  // And collected since.
  std::filesystem::remove(volume_.path(layout::blob_path(two_)));
  std::filesystem::remove(volume_.path(layout::blob_path(digest("y"))));
  settle_all();
  ASSERT_EQ(run_task(metadata_->blob_state(two_)), BlobState::deleting);
  run_task(metadata_->collection().finish_removals({two_, digest("y")}));
  ASSERT_FALSE(run_task(metadata_->blob_state(two_)).has_value());
  EXPECT_EQ(adopt(AdoptionKind::merge).problems, 0U);
  EXPECT_FALSE(has_manifest("a", two_));
  EXPECT_FALSE(run_task(metadata_->blob_state(two_)).has_value());
  EXPECT_FALSE(run_task(metadata_->blob_state(digest("y"))).has_value());
}

TEST_F(MergeTest, ABlobThatIsBeingRemovedComesBackOnlyIfSomethingUsesIt) {
  run_task(metadata_->delete_blob(name("a"), digest("y"), clock_.now(), clock_.now()));
  run_task(metadata_->delete_manifest(
      {.repository = name("a"), .digest = two_, .who = "alice", .now = clock_.now(), .review_due = clock_.now()}));
  run_task(metadata_->delete_blob(name("a"), digest("y"), clock_.now(), clock_.now()));
  settle_all();
  ASSERT_EQ(run_task(metadata_->blob_state(digest("y"))), BlobState::deleting);
  adopt(AdoptionKind::merge);
  EXPECT_EQ(run_task(metadata_->blob_state(digest("y"))), BlobState::deleting);
  // The other registry pushed it into another repository.
  volume_.push("b", {"y"}, "v1");
  adopt(AdoptionKind::merge);
  EXPECT_EQ(run_task(metadata_->blob_state(digest("y"))), BlobState::present);
}

TEST_F(MergeTest, ATreeThatIsGoneAsAWholeTakesNothingAlong) {
  std::filesystem::remove_all(volume_.path(std::string(layout::kRepositories)));
  adopt(AdoptionKind::merge);
  EXPECT_EQ(named_by("a", "v1"), one_);
}

TEST_F(MergeTest, BlobsThatWereCollectedAreGoneAndThoseThatCameBackAreThere) {
  // Distribution 2 leaves the links of layers behind.
  std::filesystem::remove_all(volume_.path(layout::tag_path("a", "v1")));
  std::filesystem::remove(volume_.path(layout::revision_path("a", one_) + "/link"));
  std::filesystem::remove(volume_.path(layout::blob_path(one_)));
  std::filesystem::remove(volume_.path(layout::blob_path(digest("x"))));
  EXPECT_EQ(adopt(AdoptionKind::merge).holding, 0U);
  EXPECT_FALSE(has_blob("a", digest("x")));
  volume_.put_blob("x");
  volume_.link_layer("a", digest("x"));
  adopt(AdoptionKind::merge);
  EXPECT_TRUE(has_blob("a", digest("x"))) << "pushed again by the other registry";
}

TEST_F(MergeTest, WhatWasAcceptedIsAcceptedStill) {
  const Digest old = volume_.put_blob(R"({"schemaVersion":1,"name":"a","tag":"v1"})");
  volume_.link_revision("a", old);
  EXPECT_EQ(adopt().holding, 1U);
  run_task(metadata_->adoption().accept_losses());
  EXPECT_EQ(adopt(AdoptionKind::merge).holding, 0U);
  EXPECT_EQ(run_task(metadata_->adoption().adoption(AdoptionKind::merge))->problems, 1U);
  std::filesystem::remove_all(volume_.path(layout::revision_path("a", old)));
  EXPECT_EQ(adopt(AdoptionKind::merge).problems, 0U) << "it is not there any more";
}

}  // namespace
}  // namespace berth
