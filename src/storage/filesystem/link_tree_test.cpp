#include "storage/filesystem/link_tree.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <thread>

#include "storage/filesystem/filesystem_storage.h"
#include "tests/support/distribution_volume.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

class LinkTreeTest : public testing::Test {
 protected:
  LinkTreeTest() { std::filesystem::create_directories(volume_.root()); }

  static RepositoryName name(std::string_view text) { return RepositoryName::parse(text).value(); }
  static Digest digest(std::string_view text) { return DistributionVolume::digest(text); }

  template <class Entry>
  std::vector<Entry> all(std::unique_ptr<TreeWalk<Entry>> walk, std::size_t limit = 2) {
    std::vector<Entry> entries;
    for (;;) {
      std::vector<Entry> page = run_task(walk->next(limit));
      EXPECT_LE(page.size(), limit);
      if (page.empty()) return entries;
      entries.insert(entries.end(), page.begin(), page.end());
    }
  }
  std::size_t apply(WantedLink wanted, LinkAction action = LinkAction::write) {
    std::vector<WantedLink> one;
    one.push_back(std::move(wanted));
    return run_task(tree().apply(std::move(one), action)).size();
  }
  LinkTree& tree() { return storage_.links(); }

  DistributionVolume volume_;
  SystemEntropy entropy_;
  BlockingPool disk_{"disk", 2, 64};
  FilesystemStorage storage_{{.root = volume_.root()}, disk_, entropy_};
};

TEST_F(LinkTreeTest, AnEmptyRootHasNothing) {
  EXPECT_TRUE(all(tree().repositories()).empty());
  EXPECT_TRUE(all(tree().tags("a")).empty());
  EXPECT_TRUE(all(tree().links("a", LinkKind::layer)).empty());
  EXPECT_TRUE(all(tree().uploads("a")).empty());
  EXPECT_FALSE(run_task(tree().has_repository("a")));
}

TEST_F(LinkTreeTest, FindsRepositoriesInsideOthersAndWithNamesThatAreNone) {
  volume_.push("a", {"x"}, "v1");
  volume_.push("a/b/c", {"x"}, "v1");
  volume_.write("docker/registry/v2/repositories/UPPER/_manifests/tags/.keep", "");
  volume_.write("docker/registry/v2/repositories/only/_uploads/1/data", "half");
  volume_.write("docker/registry/v2/repositories/empty/nothing/stray", "a file");
  const std::vector<std::string> names = all(tree().repositories());
  EXPECT_EQ(std::multiset<std::string>(names.begin(), names.end()),
            (std::multiset<std::string>{"UPPER", "a", "a/b/c", "only"}));
  EXPECT_TRUE(run_task(tree().has_repository("a/b/c")));
  EXPECT_FALSE(run_task(tree().has_repository("a/b")));
}

TEST_F(LinkTreeTest, ReadsLinksAndSaysWhatIsWrongWithThem) {
  const Digest good = digest("good");
  volume_.link_layer("a", good);
  volume_.write(layout::layer_path("a", digest("newline")) + "/link", digest("newline").to_string() + "\n");
  volume_.write(layout::layer_path("a", digest("empty")) + "/link", "");
  volume_.write(layout::layer_path("a", digest("words")) + "/link", "sha256:words");
  std::filesystem::create_directories(volume_.path(layout::layer_path("a", digest("deleted"))));
  volume_.write("docker/registry/v2/repositories/a/_layers/stray", "no directory");
  std::map<std::string, StoredLink> links;
  for (DigestLink& each : all(tree().links("a", LinkKind::layer))) links.emplace(each.place, each.link);
  EXPECT_EQ(links.size(), 4U);
  EXPECT_EQ(links.at(good.to_string()).digest, good);
  EXPECT_EQ(links.at(digest("newline").to_string()).digest, digest("newline"));
  EXPECT_EQ(links.at(digest("empty").to_string()).problem, "it is empty");
  EXPECT_EQ(links.at(digest("words").to_string()).problem, "it names no digest");
}

TEST_F(LinkTreeTest, ReadsTagsWithAllThatTheyNamed) {
  volume_.link_tag("a", "v1", digest("old"));
  volume_.link_tag("a", "v1", digest("new"));
  volume_.write("docker/registry/v2/repositories/a/_manifests/tags/half/index/sha256/.tmp", "");
  std::map<std::string, TagLinks> tags;
  for (TagLinks& each : all(tree().tags("a"))) tags.emplace(each.name, each);
  ASSERT_EQ(tags.size(), 2U);
  EXPECT_EQ(tags.at("v1").current.digest, digest("new"));
  EXPECT_EQ(tags.at("v1").history.size(), 2U);
  EXPECT_EQ(tags.at("half").current.problem, "there is none");
}

TEST_F(LinkTreeTest, ReadsUploads) {
  volume_.write("docker/registry/v2/repositories/a/_uploads/one/data", "12345");
  volume_.write("docker/registry/v2/repositories/a/_uploads/two/startedat", "2024-01-01T00:00:00Z");
  std::map<std::string, std::uint64_t> uploads;
  for (const TreeUpload& each : all(tree().uploads("a"))) uploads[each.id] = each.size_bytes;
  EXPECT_EQ(uploads, (std::map<std::string, std::uint64_t>{{"one", 5}, {"two", 0}}));
}

TEST_F(LinkTreeTest, WritesWhatDistributionWouldAndOnlyWhatDiffers) {
  const WallTime since(std::chrono::seconds(1'700'000'000));
  const WantedLink tag{.place = WantedLink::Place::tag,
                       .repository = name("a/b"),
                       .digest = digest("m"),
                       .tag = Tag::parse("v1").value(),
                       .since = since};
  EXPECT_EQ(apply(tag, LinkAction::compare), 1U);
  EXPECT_FALSE(volume_.exists("docker")) << "looking writes nothing";
  EXPECT_EQ(apply(tag), 1U);
  EXPECT_EQ(apply(tag), 0U);
  EXPECT_EQ(apply(tag, LinkAction::compare), 0U);
  const std::string own = layout::tag_path("a/b", "v1");
  EXPECT_EQ(volume_.read(own + "/current/link"), digest("m").to_string());
  EXPECT_EQ(volume_.read(own + "/index/sha256/" + digest("m").hex() + "/link"), digest("m").to_string());
  EXPECT_EQ(all(tree().tags("a/b")).at(0).current.modified, since) << "its time is the tag's";

  apply({.place = WantedLink::Place::revision, .repository = name("a/b"), .digest = digest("m"), .item = digest("m")});
  apply({.place = WantedLink::Place::layer, .repository = name("a/b"), .digest = digest("l"), .item = digest("l")});
  run_task(tree().sync());
  EXPECT_EQ(volume_.read(layout::revision_path("a/b", digest("m")) + "/link"), digest("m").to_string());
  EXPECT_EQ(volume_.read(layout::layer_path("a/b", digest("l")) + "/link"), digest("l").to_string());
  EXPECT_TRUE(std::filesystem::is_empty(volume_.path("berth/tmp"))) << "nothing is left behind";
}

TEST_F(LinkTreeTest, MovesATagAndMendsABrokenLink) {
  const auto tag = [](const Digest& of) {
    return WantedLink{
        .place = WantedLink::Place::tag, .repository = name("a"), .digest = of, .tag = Tag::parse("v1").value()};
  };
  apply(tag(digest("one")));
  EXPECT_EQ(apply(tag(digest("two"))), 1U);
  EXPECT_EQ(volume_.read(layout::tag_path("a", "v1") + "/current/link"), digest("two").to_string());
  volume_.write(layout::tag_path("a", "v1") + "/current/link", "");
  EXPECT_EQ(apply(tag(digest("two"))), 1U);
  EXPECT_EQ(volume_.read(layout::tag_path("a", "v1") + "/current/link"), digest("two").to_string());
}

TEST_F(LinkTreeTest, RemovesWhatIsGone) {
  const Digest manifest = volume_.push("a", {"x"}, "v1");
  volume_.push("a/b", {"x"}, "v1");
  volume_.write(layout::revision_path("a", manifest) + "/signatures/sha256/00/link", "old");
  const WantedLink tag{.place = WantedLink::Place::tag, .repository = name("a"), .tag = Tag::parse("v1").value()};
  EXPECT_EQ(apply(tag, LinkAction::compare), 1U);
  EXPECT_EQ(apply(tag), 1U);
  EXPECT_EQ(apply(tag), 0U);
  EXPECT_EQ(apply({.place = WantedLink::Place::revision, .repository = name("a"), .item = manifest}), 1U);
  EXPECT_FALSE(volume_.exists(layout::revision_path("a", manifest)));
  EXPECT_EQ(apply({.place = WantedLink::Place::layer, .repository = name("a"), .item = digest("x")}), 1U);
  EXPECT_EQ(apply({.place = WantedLink::Place::repository, .repository = name("a")}), 1U);
  EXPECT_FALSE(run_task(tree().has_repository("a")));
  EXPECT_TRUE(run_task(tree().has_repository("a/b"))) << "another repository lies in its directory";
  EXPECT_EQ(apply({.place = WantedLink::Place::repository, .repository = name("a/b")}), 1U);
  EXPECT_FALSE(volume_.exists("docker/registry/v2/repositories/a")) << "empty directories go";
  EXPECT_EQ(apply({.place = WantedLink::Place::repository, .repository = name("a/b")}), 0U);
}

TEST_F(LinkTreeTest, TellsWhenARepositoryChanged) {
  volume_.push("a", {"x"}, "v1");
  const WallTime before = run_task(tree().last_changed("a"));
  EXPECT_GT(before, WallTime());
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // file systems tell time in ticks
  volume_.push("a", {"x"}, "v2");
  EXPECT_GT(run_task(tree().last_changed("a")), before);
}

}  // namespace
}  // namespace berth
