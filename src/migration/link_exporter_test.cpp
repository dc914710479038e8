#include "migration/link_exporter.h"

#include <algorithm>

#include "migration/migration_fixture.h"

namespace berth {
namespace {

class LinkExporterTest : public MigrationTest {
 protected:
  std::size_t write_queue() {
    LinkExporter one = exporter();
    return run_task(one.write_queue({}));
  }
  std::uint64_t queued() { return run_task(metadata_->links().queued_link_count()); }
};

TEST_F(LinkExporterTest, MakesTheTreeWhatTheMetadataSays) {
  push_blob("team/app", "layer");
  const Digest pushed = push_manifest("team/app", R"({"schemaVersion":2})", "v1");
  const ExportReport report = export_links();
  EXPECT_EQ(report.repositories, 1U);
  EXPECT_EQ(report.links, 3U);
  EXPECT_EQ(report.written, 4U) << "and the manifest among the blobs";
  EXPECT_EQ(volume_.read(layout::revision_path("team/app", pushed) + "/link"), pushed.to_string());
  EXPECT_EQ(volume_.read(layout::tag_path("team/app", "v1") + "/current/link"), pushed.to_string());
  EXPECT_EQ(volume_.read(layout::layer_path("team/app", digest("layer")) + "/link"), digest("layer").to_string());
  EXPECT_EQ(volume_.read(layout::blob_path(pushed)), R"({"schemaVersion":2})");
  EXPECT_EQ(run_task(metadata_->links().link_state()), LinkTreeState::current);
  const ExportReport again = export_links();
  EXPECT_EQ(again.written + again.removed, 0U);
}

TEST_F(LinkExporterTest, ComparingWritesNothingAndSaysWhatDiffers) {
  const Digest pushed = push_manifest("a", R"({"schemaVersion":2})", "v1");
  const ExportReport report = export_links(LinkAction::compare);
  EXPECT_EQ(report.written, 3U);
  EXPECT_FALSE(volume_.exists("docker"));
  std::ranges::sort(differences_);
  EXPECT_EQ(differences_, (std::vector<std::string>{"blob of the manifest " + pushed.to_string(),
                                                    "manifest a@" + pushed.to_string(), "tag a:v1"}));
  EXPECT_EQ(run_task(metadata_->links().link_state()), LinkTreeState::ignored);
}

TEST_F(LinkExporterTest, RemovesWhatIsGoneAndLeavesWhatWasNeverOurs) {
  const Digest one = volume_.push("a", {"x"}, "v1");
  const Digest old = volume_.put_blob(R"({"schemaVersion":1,"name":"a","tag":"old"})");
  volume_.link_revision("a", old);
  volume_.link_tag("a", "old", old);
  volume_.write("docker/registry/v2/repositories/Not_A_Name/_manifests/tags/v1/current/link", old.to_string());
  adopt();
  run_task(metadata_->delete_manifest(
      {.repository = name("a"), .digest = one, .who = "", .now = clock_.now(), .review_due = clock_.now()}));
  export_links();
  EXPECT_FALSE(volume_.exists(layout::revision_path("a", one) + "/link"));
  EXPECT_FALSE(volume_.exists(layout::tag_path("a", "v1")));
  EXPECT_TRUE(volume_.exists(layout::revision_path("a", old) + "/link")) << "it could not be adopted";
  EXPECT_TRUE(volume_.exists(layout::tag_path("a", "old") + "/current/link"));
  EXPECT_TRUE(volume_.exists("docker/registry/v2/repositories/Not_A_Name/_manifests/tags/v1/current/link"));
}

TEST_F(LinkExporterTest, ARepositoryThatIsGoneGoesWithItsDirectories) {
  const Digest one = volume_.push("deep/down/here", {"x"}, "v1");
  volume_.push("deep/stays", {"x"}, "v1");
  adopt();
  run_task(metadata_->delete_manifest({.repository = name("deep/down/here"),
                                       .digest = one,
                                       .who = "",
                                       .now = clock_.now(),
                                       .review_due = clock_.now()}));
  for (const std::string& layer : {std::string("x"), std::string("{}")}) {
    run_task(metadata_->delete_blob(name("deep/down/here"), digest(layer), clock_.now(), clock_.now()));
  }
  export_links();
  EXPECT_FALSE(volume_.exists("docker/registry/v2/repositories/deep/down"));
  EXPECT_TRUE(volume_.exists("docker/registry/v2/repositories/deep/stays/_layers"));
}

TEST_F(LinkExporterTest, EveryChangeWaitsInTheQueueUntilItIsInTheTree) {
  push_manifest("a", R"({"schemaVersion":2})", "v1");
  EXPECT_EQ(queued(), 0U) << "nobody follows";
  export_links();
  push_blob("a", "layer");
  const Digest two = push_manifest("a", R"({"schemaVersion":2,"a":2})", "v1");
  push_manifest("b", R"({"schemaVersion":2,"a":3})", "v1");
  EXPECT_EQ(queued(), 5U) << "a layer, two manifests, a tag that moved and a new one";
  differences_.clear();
  EXPECT_GT(export_links(LinkAction::compare).links, 0U);
  EXPECT_EQ(queued(), 0U) << "whoever compares writes what waits first";
  EXPECT_TRUE(differences_.end() == std::ranges::find(differences_, "tag a:v1"));
  EXPECT_EQ(volume_.read(layout::tag_path("a", "v1") + "/current/link"), two.to_string());

  run_task(metadata_->delete_tag({.repository = name("b"),
                                  .tag = tag("v1"),
                                  .limits = {},
                                  .who = "",
                                  .now = clock_.now(),
                                  .review_due = clock_.now()}));
  run_task(metadata_->delete_blob(name("a"), digest("layer"), clock_.now(), clock_.now()));
  EXPECT_EQ(write_queue(), 2U);
  EXPECT_FALSE(volume_.exists(layout::tag_path("b", "v1")));
  EXPECT_FALSE(volume_.exists(layout::layer_path("a", digest("layer"))));
}

TEST_F(LinkExporterTest, WhatIsFollowedIsFollowedAfterARestart) {
  push_manifest("a", R"({"schemaVersion":2})", "v1");
  export_links();
  open();
  push_manifest("a", R"({"schemaVersion":2,"a":2})", "v2");
  EXPECT_EQ(queued(), 2U);
  run_task(metadata_->links().set_link_state(LinkTreeState::ignored));
  EXPECT_EQ(queued(), 0U);
  push_manifest("a", R"({"schemaVersion":2,"a":3})", "v3");
  EXPECT_EQ(queued(), 0U);
}

TEST_F(LinkExporterTest, PromisesAreNoChangesOfLinks) {
  push_blob("a", "layer");
  const Digest one = push_manifest("a", R"({"schemaVersion":2})", "v1");
  export_links();
  run_task(metadata_->renew_blob_promise(name("a"), digest("layer"), clock_.now() + std::chrono::hours(9)));
  run_task(metadata_->renew_manifest_promise(name("a"), one, clock_.now() + std::chrono::hours(9)));
  push_manifest("a", R"({"schemaVersion":2})", "v1");
  EXPECT_EQ(queued(), 0U);
}

TEST_F(LinkExporterTest, ARenamedRepositoryMovesInTheTree) {
  volume_.push("old/name", {"x"}, "v1");
  adopt();
  export_links();
  run_task(metadata_->repositories().rename_repository(
      {.from = name("old/name"), .to = name("new/name"), .now = clock_.now(), .alias_until = std::nullopt}));
  EXPECT_GT(queued(), 0U);
  write_queue();
  EXPECT_FALSE(volume_.exists("docker/registry/v2/repositories/old"));
  EXPECT_TRUE(volume_.exists(layout::tag_path("new/name", "v1") + "/current/link"));
  EXPECT_TRUE(volume_.exists(layout::layer_path("new/name", digest("x")) + "/link"));
  EXPECT_EQ(export_links(LinkAction::compare).written, 0U);
}

}  // namespace
}  // namespace berth
