#include "registry/buffer_pool.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <set>

namespace berth {
namespace {

TEST(BufferPool, GivesTheSameMemoryAgain) {
  BufferPool pool(1 << 20, 2);
  std::set<const std::byte*> first;
  {
    const BufferPool::Buffer a = pool.take(1 << 20);
    const BufferPool::Buffer b = pool.take(300'000);
    const BufferPool::Buffer c = pool.take(1 << 20);
    first = {a.get(), b.get(), c.get()};
    EXPECT_EQ(first.size(), 3U);
    for (const std::byte* memory : first)
      EXPECT_EQ(reinterpret_cast<std::uintptr_t>(memory) % BufferPool::kAlignment, 0U);
  }
  const BufferPool::Buffer again = pool.take(1 << 20);
  const BufferPool::Buffer more = pool.take(1 << 20);
  EXPECT_NE(again.get(), more.get());
  EXPECT_TRUE(first.contains(again.get()));
  EXPECT_TRUE(first.contains(more.get()));
}

TEST(BufferPool, KeepsNeitherSmallNorLargerOnes) {
  BufferPool pool(1 << 20, 8);
  // All of each can be written to: the sanitizer would tell.
  for (const std::size_t size : {std::size_t{1}, std::size_t{100}, std::size_t{1} << 18, (std::size_t{1} << 20) + 1}) {
    const BufferPool::Buffer buffer = pool.take(size);
    buffer[0] = buffer[size - 1] = std::byte{1};
  }
}

TEST(BufferPool, KeepsNoneIfToldTo) {
  BufferPool pool(1 << 20, 0);
  for (int i = 0; i < 3; ++i) pool.take(1 << 20)[(1 << 20) - 1] = std::byte{1};
}

}  // namespace
}  // namespace berth
