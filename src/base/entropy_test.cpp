#include "base/entropy.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <vector>

namespace berth {
namespace {

class FixedEntropy final : public Entropy {
 public:
  explicit FixedEntropy(std::byte value) : value_(value) {}
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, value_); }

 private:
  std::byte value_;
};

TEST(RandomUuid, HasVersionAndVariantWhateverTheBytes) {
  FixedEntropy zeros(std::byte{0x00});
  FixedEntropy ones(std::byte{0xff});
  EXPECT_EQ(random_uuid(zeros), "00000000-0000-4000-8000-000000000000");
  EXPECT_EQ(random_uuid(ones), "ffffffff-ffff-4fff-bfff-ffffffffffff");
}

TEST(SystemEntropy, GivesDifferentBytes) {
  SystemEntropy entropy;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(random_uuid(entropy));
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(SystemEntropy, FillsMoreThanOneCallGives) {
  SystemEntropy entropy;
  std::vector<std::byte> bytes(100'000);
  entropy.fill(bytes);
  EXPECT_LT(std::ranges::count(bytes, std::byte{0}), 1000);  // 390 are to be expected
}

}  // namespace
}  // namespace berth
