#include "migration/oci_layout.h"

#include <algorithm>
#include <array>
#include <fstream>

#include "migration/migration_fixture.h"
#include "migration/transfer_desk.h"

namespace berth {
namespace {

class OciLayoutTest : public MigrationTest {
 protected:
  std::string directory() const { return volume_.path("layout").string(); }
  void write(const std::string& below, const std::string& text) const { volume_.write("layout/" + below, text); }
  std::string whole(std::unique_ptr<ByteReader> reader) {
    std::string text;
    std::array<std::byte, 3> piece;
    for (;;) {
      const std::size_t count = run_task(reader->read(piece));
      if (count == 0) return text;
      text.append(reinterpret_cast<const char*>(piece.data()), count);
    }
  }
};

TEST_F(OciLayoutTest, WhatIsWrittenIsRead) {
  const std::string manifest = R"({"schemaVersion":2})";
  {
    OciLayoutWriter layout(directory());
    layout.put_bytes(digest(manifest), manifest);
    layout.put_bytes(digest("layer"), "layer");
    layout.put_root(digest(manifest), "application/vnd.oci.image.manifest.v1+json", manifest.size(), "app:v1");
    EXPECT_TRUE(layout.has_blob(digest("layer")));
    layout.finish();
  }
  OciLayoutSource source(directory(), disk_);
  EXPECT_EQ(run_task(source.repositories()), std::vector<std::string>{""});
  const std::vector<SourceRoot> roots = run_task(source.roots(""));
  ASSERT_EQ(roots.size(), 1U);
  EXPECT_EQ(roots[0].digest, digest(manifest));
  EXPECT_EQ(roots[0].tags, std::vector<Tag>{tag("v1")});
  EXPECT_EQ(run_task(source.manifest("", digest(manifest)))->bytes.view(), manifest);
  std::optional<SourceBlob> blob = run_task(source.blob("", digest("layer")));
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->size_bytes, 5U);
  EXPECT_EQ(whole(std::move(blob->bytes)), "layer");
  EXPECT_FALSE(run_task(source.blob("", digest("nobody's"))).has_value());
  EXPECT_FALSE(run_task(source.manifest("", digest("nobody's"))).has_value());
}

TEST_F(OciLayoutTest, AddsToALayoutAndKeepsWhatItDoesNotKnow) {
  write("oci-layout", R"({"imageLayoutVersion":"1.0.0"})");
  write("index.json", R"({"schemaVersion":2,"manifests":[{"mediaType":"x","digest":")" + digest("unnamed").to_string() +
                          R"(","size":7},{"mediaType":"y","digest":")" + digest("old").to_string() +
                          R"(","size":3,"annotations":{"org.opencontainers.image.ref.name":"v1"}}]})");
  {
    OciLayoutWriter layout(directory());
    layout.put_root(digest("new"), "z", 3, "v1");
    layout.finish();
  }
  OciLayoutSource source(directory(), disk_);
  std::vector<SourceRoot> roots = run_task(source.roots(""));
  ASSERT_EQ(roots.size(), 2U);
  EXPECT_TRUE(std::ranges::any_of(roots, [&](const SourceRoot& root) { return root.digest == digest("unnamed"); }));
  const auto named = std::ranges::find(roots, digest("new"), &SourceRoot::digest);
  ASSERT_NE(named, roots.end());
  EXPECT_EQ(named->tags, std::vector<Tag>{tag("v1")}) << "the tag has moved";
}

TEST_F(OciLayoutTest, FindsTheRepositoriesOfATree) {
  write("team/app/index.json", R"({"manifests":[]})");
  write("team/deep/er/index.json", R"({"manifests":[]})");
  write("_trivy/index.json", R"({"manifests":[]})");
  write(".uploads/index.json", R"({"manifests":[]})");
  OciLayoutSource source(directory(), disk_);
  EXPECT_EQ(run_task(source.repositories()), (std::vector<std::string>{"team/app", "team/deep/er"}));
}

TEST_F(OciLayoutTest, SaysWhatIsNoLayout) {
  OciLayoutSource nowhere(directory(), disk_);
  EXPECT_THROW(run_task(nowhere.repositories()), Failure);
  write("photo.jpg", "x");
  EXPECT_THROW(run_task(nowhere.repositories()), Failure);
  EXPECT_THROW(OciLayoutWriter{directory()}, Failure);
  write("app/index.json", "[]");
  EXPECT_THROW(run_task(nowhere.roots("app")), Failure);
  write("app/index.json", R"({"manifests":[{"digest":"sha256:short"}]})");
  EXPECT_THROW(run_task(nowhere.roots("app")), Failure);
}

TEST(Pattern, StarsStandForAnything) {
  EXPECT_TRUE(fits_pattern("team/app", "team/app"));
  EXPECT_FALSE(fits_pattern("team/app", "team/app2"));
  EXPECT_TRUE(fits_pattern("team/*", "team/a/b"));
  EXPECT_FALSE(fits_pattern("team/*", "teams/a"));
  EXPECT_TRUE(fits_pattern("*/app*", "team/app2"));
  EXPECT_TRUE(fits_pattern("*", ""));
  EXPECT_FALSE(fits_pattern("", "a"));
}

}  // namespace
}  // namespace berth
