#include "registry/undo_change.h"

#include <gtest/gtest.h>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

RegistryPolicy policy_with_trash() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  policy.uses_trash = true;
  return policy;
}

class UndoChangeTest : public testing::Test {
 protected:
  std::string push(const std::string& content, const std::string& as) {
    std::string image = world_.image("a", content);
    EXPECT_TRUE(world_.put("a", tag(as), image));
    return image;
  }
  void move(const std::string& as, const std::string& image) { EXPECT_TRUE(world_.put("a", tag(as), image)); }
  void remove_tag(const std::string& name) {
    EXPECT_TRUE(run_task(world_->delete_content.delete_tag(a_, tag(name), {}, "bob")));
  }
  void remove(const std::string& image) {
    EXPECT_TRUE(run_task(world_->delete_content.delete_manifest(a_, sha256_of(image), "bob")));
  }
  std::optional<Digest> named_by(const std::string& name) {
    const auto manifest = run_task(world_.metadata.find_tagged_manifest(a_, tag(name)));
    if (!manifest) return std::nullopt;
    return manifest->digest;
  }
  Result<Undone> undo(const std::string& name) { return run_task(undo_.undo_tag(a_, tag(name), "carol")); }
  Result<Undone> restore(const std::string& image) {
    return run_task(undo_.restore_manifest(a_, sha256_of(image), "carol"));
  }

  const RepositoryName a_ = repository("a");
  RegistryInMemory world_{policy_with_trash()};
  UndoChange undo_{world_.counted, world_.metadata, world_->push_manifest, world_->delete_content,
                   world_.clock,   world_->policy,  world_->read_only};
};

}  // namespace

TEST_F(UndoChangeTest, AMovedTagNamesAgainWhatItNamed) {
  const std::string first = push("one", "v1");
  const std::string second = push("two", "v1");
  EXPECT_EQ(undo("v1").value().names, sha256_of(first));
  EXPECT_EQ(named_by("v1"), sha256_of(first));
  EXPECT_EQ(undo("v1").value().names, sha256_of(second)) << "twice in a row is as if nothing had happened";
  EXPECT_EQ(named_by("v1"), sha256_of(second));
  EXPECT_EQ(run_task(world_.metadata.tag_history(a_, tag("v1"), 1)).at(0).who, "carol");
}

TEST_F(UndoChangeTest, ADeletedTagComesBack) {
  const std::string image = push("one", "v1");
  remove_tag("v1");
  EXPECT_EQ(undo("v1").value().names, sha256_of(image));
  EXPECT_EQ(named_by("v1"), sha256_of(image));
}

TEST_F(UndoChangeTest, ATagThatWasMadeGoes) {
  push("one", "v1");
  EXPECT_EQ(undo("v1").value().names, std::nullopt);
  EXPECT_EQ(named_by("v1"), std::nullopt);
}

TEST_F(UndoChangeTest, ADeletedManifestComesBackWithItsTags) {
  const std::string image = push("one", "v1");
  move("v2", image);
  remove(image);
  const Undone undone = undo("v1").value();
  EXPECT_EQ(undone.names, sha256_of(image));
  EXPECT_EQ(undone.restored, std::vector{sha256_of(image)});
  EXPECT_EQ(named_by("v1"), sha256_of(image));
  EXPECT_EQ(named_by("v2"), sha256_of(image)) << "what went together comes back together";
  EXPECT_EQ(world_.pull("a", sha256_of("one")), "one");
}

TEST_F(UndoChangeTest, AnOverwrittenAndThenDeletedManifestComesBackForItsTag) {
  const std::string first = push("one", "v1");
  push("two", "v1");
  remove(first);
  const Undone undone = undo("v1").value();
  EXPECT_EQ(undone.restored, std::vector{sha256_of(first)});
  EXPECT_EQ(named_by("v1"), sha256_of(first));
}

TEST_F(UndoChangeTest, ManifestsComeBackByTheirDigests) {
  const std::string image = push("one", "v1");
  remove(image);
  const Undone undone = restore(image).value();
  EXPECT_EQ(undone.tags, std::vector{tag("v1")});
  EXPECT_EQ(named_by("v1"), sha256_of(image));
  EXPECT_EQ(restore(image).error().code, ErrorCode::not_found);
}

TEST_F(UndoChangeTest, SaysWhatCannotBeUndone) {
  EXPECT_EQ(undo("never").error().code, ErrorCode::not_found);
  const std::string image = push("one", "v1");
  remove(image);
  run_task(world_.metadata.mark_blob_missing(sha256_of("one")));
  const Result<Undone> refused = undo("v1");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::manifest_reference_unknown);
  EXPECT_EQ(refused.error().subjects, std::vector{sha256_of("one").to_string()});
  EXPECT_EQ(named_by("v1"), std::nullopt);
}

TEST_F(UndoChangeTest, AReadOnlyRegistryStaysAsItIs) {
  const std::string image = push("one", "v1");
  remove(image);
  world_->read_only.switch_to(true);
  EXPECT_EQ(undo("v1").error().code, ErrorCode::read_only);
  EXPECT_EQ(restore(image).error().code, ErrorCode::read_only);
  world_->read_only.switch_to(false);
  EXPECT_TRUE(restore(image));
}

}  // namespace berth
