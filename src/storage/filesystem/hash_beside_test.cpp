#include "storage/filesystem/hash_beside.h"

#include <gtest/gtest.h>

#include <future>
#include <string>

#include "content/digest.h"

namespace berth {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

TEST(HashBeside, HashesInOrder) {
  BlockingPool pool("disk", 2, 10);
  Hasher hasher(HashAlgorithm::sha256);
  std::string all;
  for (int piece = 0; piece < 200; ++piece) {
    const std::string text(100U + static_cast<std::size_t>(piece), static_cast<char>('a' + piece % 26));
    HashBeside beside(pool, hasher, bytes_of(text));
    beside.wait();
    EXPECT_EQ(hasher.size_bytes(), all.size() + text.size());
    all += text;
  }
  EXPECT_EQ(hasher.digest(), digest_of(HashAlgorithm::sha256, all));
}

TEST(HashBeside, DoesNotWaitForAThread) {
  BlockingPool pool("disk", 1, 1);
  std::promise<void> release;
  std::move_only_function<void()> blocker([waiting = release.get_future()]() mutable { waiting.wait(); });
  ASSERT_TRUE(pool.try_submit(blocker));
  Hasher hasher(HashAlgorithm::sha256);
  for (const std::string text : {"one that may wait in the queue", "one for which it is full"}) {
    HashBeside beside(pool, hasher, bytes_of(text));
  }
  EXPECT_EQ(hasher.digest(),
            digest_of(HashAlgorithm::sha256, "one that may wait in the queueone for which it is full"));
  release.set_value();
}

TEST(HashBeside, IsDoneWhenItGoes) {
  BlockingPool pool("disk", 1, 10);
  Hasher hasher(HashAlgorithm::sha512);
  const std::string text(1 << 20, 'x');
  {
    const HashBeside beside(pool, hasher, bytes_of(text));
  }
  EXPECT_EQ(hasher.digest(), digest_of(HashAlgorithm::sha512, text));
}

}  // namespace
}  // namespace berth
