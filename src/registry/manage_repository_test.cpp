#include "registry/manage_repository.h"

#include <gtest/gtest.h>

#include "metadata/change_counting_repository_store.h"
#include "tests/support/registry_world.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

RegistryPolicy policy_with_trash() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  policy.uses_trash = true;
  return policy;
}

class ManageRepositoryTest : public testing::Test {
 protected:
  std::string push(const std::string& name, const std::string& content, const std::string& tag_name) {
    const std::string image = world_.image(name, content);
    EXPECT_TRUE(run_task(world_->push_manifest.push({.repository = repository(name),
                                                     .reference = tag(tag_name),
                                                     .more_tags = {},
                                                     .content_type = std::string(media_type::kOciManifest),
                                                     .bytes = image,
                                                     .precondition = {},
                                                     .who = "alice"})));
    return image;
  }
  std::optional<Digest> named(const std::string& name, const std::string& tag_name) {
    const auto found = run_task(world_.counted.find_tagged_manifest(aliases_.resolve(repository(name)), tag(tag_name)));
    return found ? std::optional(found->digest) : std::nullopt;
  }
  Result<RepositoryGone> remove(const std::string& name, TagGuard protects = {}) {
    return run_task(manage_.remove(repository(name), "carol", std::move(protects)));
  }
  Result<RepositoryBack> bring_back(const std::string& name) {
    return run_task(manage_.bring_back(repository(name), "carol"));
  }
  Result<void> rename(const std::string& from, const std::string& to, std::chrono::seconds alias = 100s) {
    return run_task(manage_.rename(repository(from), repository(to), alias));
  }

  RegistryInMemory world_{policy_with_trash()};
  ChangeCountingRepositoryStore repositories_{world_.metadata, world_.changes};
  AliasBook aliases_{repositories_, world_.clock};
  UndoChange undo_{world_.counted, world_.metadata, world_->push_manifest, world_->delete_content,
                   world_.clock,   world_->policy,  world_->read_only};
  ManageRepository manage_{{.metadata = world_.counted,
                            .repositories = repositories_,
                            .trash = world_.metadata,
                            .aliases = aliases_,
                            .undo = undo_,
                            .read_only = world_->read_only,
                            .clock = world_.clock},
                           world_->policy};
};

}  // namespace

TEST_F(ManageRepositoryTest, ADeletedRepositoryComesBackWithItsTags) {
  const Digest one = sha256_of(push("a/b", "one", "v1"));
  const Digest two = sha256_of(push("a/b", "two", "v2"));
  const Result<RepositoryGone> gone = remove("a/b");
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->manifests, 2U);
  EXPECT_EQ(gone->tags, 2U);
  EXPECT_TRUE(gone->is_in_trash);
  EXPECT_FALSE(named("a/b", "v1"));
  EXPECT_FALSE(world_.has("a/b", sha256_of("one"))) << "its layers are not served any more";
  EXPECT_FALSE(run_task(world_.counted.repository_exists(repository("a/b"))));
  EXPECT_EQ(remove("a/b").error().code, ErrorCode::name_unknown);

  const Result<RepositoryBack> back = bring_back("a/b");
  ASSERT_TRUE(back);
  EXPECT_EQ(back->manifests, 2U);
  EXPECT_EQ(named("a/b", "v1"), one);
  EXPECT_EQ(named("a/b", "v2"), two);
  EXPECT_TRUE(world_.has("a/b", sha256_of("one")));
  EXPECT_EQ(bring_back("a/b").error().code, ErrorCode::not_found);
}

TEST_F(ManageRepositoryTest, OnlyWhatWentLastComesBack) {
  push("a", "one", "v1");
  ASSERT_TRUE(remove("a"));
  world_.clock.advance(10s);
  const Digest two = sha256_of(push("a", "two", "v2"));
  ASSERT_TRUE(remove("a"));
  ASSERT_TRUE(bring_back("a"));
  EXPECT_EQ(named("a", "v2"), two);
  EXPECT_FALSE(named("a", "v1"));
}

TEST_F(ManageRepositoryTest, NothingGoesWhileATagIsProtected) {
  push("a", "one", "v1");
  push("a", "two", "keep");
  EXPECT_EQ(remove("a", [](const Tag& each) { return each.text() == "keep"; }).error().code, ErrorCode::denied);
  EXPECT_TRUE(named("a", "v1"));
  EXPECT_TRUE(named("a", "keep"));
}

TEST_F(ManageRepositoryTest, AnOldNameStandsForTheNewOneForAWhile) {
  const Digest one = sha256_of(push("a", "one", "v1"));
  ASSERT_TRUE(rename("a", "b"));
  EXPECT_EQ(aliases_.resolve(repository("a")), repository("b"));
  EXPECT_EQ(named("b", "v1"), one);
  EXPECT_TRUE(world_.has("b", sha256_of("one")));
  ASSERT_TRUE(rename("b", "c"));
  EXPECT_EQ(aliases_.resolve(repository("a")), repository("c")) << "and for every name after that";
  world_.clock.advance(100s);
  EXPECT_EQ(aliases_.resolve(repository("a")), repository("a"));

  const Digest other = sha256_of(push("a", "other", "v1"));
  EXPECT_EQ(named("a", "v1"), other);
  ASSERT_TRUE(rename("c", "d", 0s));
  EXPECT_TRUE(run_task(manage_.list_aliases(std::nullopt, 10)).entries.empty()) << "the expired ones are forgotten";
}

TEST_F(ManageRepositoryTest, ANameThatIsTakenStaysWhoseItIs) {
  push("a", "one", "v1");
  push("b", "two", "v1");
  EXPECT_EQ(rename("a", "b").error().code, ErrorCode::conflict);
  EXPECT_EQ(rename("a", "a").error().code, ErrorCode::conflict);
  EXPECT_EQ(rename("none", "c").error().code, ErrorCode::name_unknown);
  ASSERT_TRUE(remove("b"));
  EXPECT_EQ(rename("a", "b").error().code, ErrorCode::conflict) << "it can be brought back";
  ASSERT_EQ(run_task(world_.metadata.expire_trash(WallTime::max(), world_.clock.now(), 10)), 1U);
  ASSERT_TRUE(rename("a", "b"));
  EXPECT_EQ(rename("b", "a").has_value(), true) << "its own old name";
  EXPECT_EQ(aliases_.resolve(repository("b")), repository("a"));
}

TEST_F(ManageRepositoryTest, AnAliasCanBeRemovedAndGoesWithItsRepository) {
  push("a", "one", "v1");
  ASSERT_TRUE(rename("a", "b"));
  ASSERT_TRUE(run_task(manage_.remove_alias(repository("a"))));
  EXPECT_EQ(aliases_.resolve(repository("a")), repository("a"));
  EXPECT_EQ(run_task(manage_.remove_alias(repository("a"))).error().code, ErrorCode::not_found);
  ASSERT_TRUE(rename("b", "c"));
  ASSERT_TRUE(remove("c"));
  EXPECT_EQ(aliases_.resolve(repository("b")), repository("b"));
}

TEST_F(ManageRepositoryTest, AnUploadUnderWayGoesAlong) {
  push("a", "one", "v1");
  const UploadId upload = world_.start("a");
  ASSERT_TRUE(rename("a", "b"));
  EXPECT_TRUE(world_.finish("b", upload, sha256_of("late"), "late"));
}

TEST_F(ManageRepositoryTest, AReadOnlyRegistryStaysAsItIs) {
  push("a", "one", "v1");
  world_->read_only.switch_to(true);
  EXPECT_EQ(remove("a").error().code, ErrorCode::read_only);
  EXPECT_EQ(rename("a", "b").error().code, ErrorCode::read_only);
  EXPECT_EQ(run_task(manage_.remove_alias(repository("a"))).error().code, ErrorCode::read_only);
  EXPECT_TRUE(named("a", "v1"));
}

TEST_F(ManageRepositoryTest, WhoeverLooksMeanwhileKnowsThatNamesAreChanging) {
  push("a", "one", "v1");
  const std::uint64_t before = aliases_.generation();
  {
    const AliasBook::Change change(aliases_);
    EXPECT_EQ(aliases_.generation() % 2, 1U);
  }
  ASSERT_TRUE(rename("a", "b"));
  EXPECT_EQ(aliases_.generation(), before + 4);
}

}  // namespace berth
