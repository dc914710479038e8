#include "api/answer_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

constexpr std::size_t kMiB = 1024 * 1024;

class AnswerCacheTest : public testing::Test {
 protected:
  /// A cache of one shard, so that the order of going is known.
  AnswerCache make(std::uint64_t size_bytes, std::size_t file_count = 2) {
    return AnswerCache({.size_bytes = size_bytes, .file_count = file_count}, changes_, metrics_);
  }
  static CachedAnswer answer(std::string body) {
    CachedAnswer made;
    made.prepared.http1_head = "HTTP/1.1 200 OK\r\n";
    made.prepared.body = ByteSource(SharedBytes(std::move(body)));
    return made;
  }
  static CachedAnswer file_answer() {
    CachedAnswer made;
    made.prepared.body = ByteSource(FileRegion{std::make_shared<const UniqueFd>(), 0, 100'000});
    return made;
  }
  static std::string body_of(AnswerCache& cache, std::string_view target) {
    const auto found = cache.find(target);
    if (!found) return "(none)";
    return std::string(found->prepared.body.memory()->view());
  }

  ChangeNumbers changes_;
  Metrics metrics_;
};

TEST_F(AnswerCacheTest, GivesBackWhatWasKept) {
  AnswerCache cache = make(kMiB);
  EXPECT_EQ(body_of(cache, "/a"), "(none)");
  cache.keep("/a", answer("one"));
  cache.keep("/b", answer("two"));
  EXPECT_EQ(body_of(cache, "/a"), "one");
  EXPECT_EQ(body_of(cache, "/b"), "two");
  cache.keep("/a", answer("three"));
  EXPECT_EQ(body_of(cache, "/a"), "three");
  cache.forget("/a");
  EXPECT_EQ(body_of(cache, "/a"), "(none)");
}

TEST_F(AnswerCacheTest, ForgetsWhatIsNoLongerTrue) {
  AnswerCache cache = make(kMiB);
  CachedAnswer made = answer("old");
  made.marks[1] = changes_.of_tag(repository("a"), tag("v1"));
  cache.keep("/a", std::move(made));
  EXPECT_EQ(body_of(cache, "/a"), "old");
  changes_.tag_changed(repository("a"), tag("v1"));
  EXPECT_EQ(body_of(cache, "/a"), "(none)");
}

TEST_F(AnswerCacheTest, DropsAFillThatRacedWithAChange) {
  AnswerCache cache = make(kMiB);
  CachedAnswer made = answer("old");
  made.marks[0] = changes_.of_tag(repository("a"), tag("v1"));
  // The reader has the old value in its hands when the change is acknowledged.
  changes_.tag_changed(repository("a"), tag("v1"));
  cache.keep("/a", std::move(made));
  EXPECT_EQ(body_of(cache, "/a"), "(none)");
}

TEST_F(AnswerCacheTest, StaysWithinItsSizeAndKeepsWhatIsUsed) {
  AnswerCache cache = make(kMiB);
  const std::string body(60'000, 'x');
  cache.keep("/used", answer(body));
  for (int i = 0; i < 100; ++i) {
    cache.keep("/" + std::to_string(i), answer(body));
    EXPECT_NE(body_of(cache, "/used"), "(none)") << i;
  }
  EXPECT_EQ(body_of(cache, "/0"), "(none)");
  EXPECT_NE(body_of(cache, "/99"), "(none)");
  const std::string metrics = metrics_.render();
  const std::size_t at = metrics.find("\nberth_answer_cache_bytes ");
  ASSERT_NE(at, std::string::npos);
  EXPECT_LE(std::stod(metrics.substr(at + 26)), static_cast<double>(kMiB));
}

TEST_F(AnswerCacheTest, HoldsAFewFilesOpen) {
  AnswerCache cache = make(kMiB, 2);
  cache.keep("/memory", answer("kept"));
  for (const char* target : {"/1", "/2", "/3"}) cache.keep(target, file_answer());
  EXPECT_FALSE(cache.find("/1"));
  EXPECT_TRUE(cache.find("/2"));
  EXPECT_TRUE(cache.find("/3"));
  EXPECT_EQ(body_of(cache, "/memory"), "kept") << "it takes no file";
  AnswerCache without = make(kMiB, 0);
  without.keep("/1", file_answer());
  EXPECT_FALSE(without.find("/1"));
}

TEST_F(AnswerCacheTest, AHeadsAnswerTakesOverTheBodyThatIsThere) {
  AnswerCache cache = make(kMiB);
  cache.keep("/a", answer("body"));
  CachedAnswer head = answer("");
  head.has_body = false;
  cache.keep("/a", std::move(head));
  ASSERT_TRUE(cache.find("/a"));
  EXPECT_TRUE(cache.find("/a")->has_body);
  EXPECT_EQ(body_of(cache, "/a"), "body");
  CachedAnswer alone = answer("");
  alone.has_body = false;
  cache.keep("/b", std::move(alone));
  EXPECT_FALSE(cache.find("/b")->has_body);
}

TEST_F(AnswerCacheTest, OfNoSizeKeepsNothing) {
  AnswerCache cache = make(0);
  EXPECT_FALSE(cache.is_enabled());
  cache.keep("/a", answer("one"));
  EXPECT_FALSE(cache.find("/a"));
}

}  // namespace
}  // namespace berth
