#include "async/byte_source.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(ByteSource, IsEmptyAtFirst) {
  EXPECT_EQ(ByteSource().size(), 0U);
  ASSERT_NE(ByteSource().memory(), nullptr);
}

TEST(ByteSource, SlicesMemoryWithoutCopying) {
  const SharedBytes bytes("0123456789");
  const ByteSource slice = ByteSource(bytes).slice(2, 5).slice(1, 3);
  ASSERT_NE(slice.memory(), nullptr);
  EXPECT_EQ(slice.memory()->view(), "345");
  EXPECT_EQ(slice.memory()->view().data(), bytes.view().data() + 3);
}

TEST(ByteSource, KeepsMemoryAlive) {
  ByteSource slice;
  {
    const SharedBytes bytes(std::string(100, 'x') + "tail");
    slice = ByteSource(bytes).slice(100, 4);
  }
  EXPECT_EQ(slice.memory()->view(), "tail");
}

TEST(ByteSource, SlicesAFileByOffset) {
  const FileRegion region{std::make_shared<const UniqueFd>(), 1000, 500};
  const ByteSource slice = ByteSource(region).slice(100, 50).slice(10, 20);
  EXPECT_EQ(slice.memory(), nullptr);
  ASSERT_NE(slice.file(), nullptr);
  EXPECT_EQ(slice.file()->offset, 1110U);
  EXPECT_EQ(slice.size(), 20U);
  EXPECT_EQ(slice.file()->file, region.file);
}

}  // namespace
}  // namespace berth
