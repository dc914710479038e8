#include "auth/secret_token.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <regex>
#include <set>
#include <string>

namespace berth {
namespace {

class FixedEntropy final : public Entropy {
 public:
  explicit FixedEntropy(std::byte value) : value_(value) {}
  void fill(std::span<std::byte> bytes) override { std::ranges::fill(bytes, value_); }

 private:
  std::byte value_;
};

}  // namespace

TEST(SecretToken, LooksAsScannersAreTold) {
  SystemEntropy entropy;
  const std::regex pattern("berth_(robot|pat)_[0-9A-Za-z]{49}");
  for (int i = 0; i < 100; ++i) {
    const std::string robot = make_secret_token(SecretKind::robot, entropy);
    const std::string token = make_secret_token(SecretKind::access_token, entropy);
    EXPECT_TRUE(std::regex_match(robot, pattern)) << robot;
    EXPECT_TRUE(std::regex_match(token, pattern)) << token;
    EXPECT_EQ(secret_token_kind(robot), SecretKind::robot);
    EXPECT_EQ(secret_token_kind(token), SecretKind::access_token);
  }
}

TEST(SecretToken, HoldsAllTheRandomBits) {
  FixedEntropy none(std::byte{0});
  FixedEntropy all(std::byte{0xff});
  EXPECT_EQ(make_secret_token(SecretKind::robot, none).substr(12, 43), std::string(43, '0'));
  // 2^256 - 1 to the base 62.
  EXPECT_EQ(make_secret_token(SecretKind::robot, all).substr(12, 43), "yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp1")
      << "by an independent computation";
}

TEST(SecretToken, AnyChangedLetterIsNoticed) {
  SystemEntropy entropy;
  const std::string good = make_secret_token(SecretKind::access_token, entropy);
  for (std::size_t i = 0; i < good.size(); ++i) {
    std::string bad = good;
    bad[i] = bad[i] == 'x' ? 'y' : 'x';
    EXPECT_FALSE(secret_token_kind(bad)) << bad;
  }
  EXPECT_FALSE(secret_token_kind(good.substr(1)));
  EXPECT_FALSE(secret_token_kind(good + "0"));
  EXPECT_FALSE(secret_token_kind(""));
  EXPECT_FALSE(secret_token_kind("berth_pat_"));
  std::string other = good;
  other.replace(0, 10, "berth_robot_");
  EXPECT_FALSE(secret_token_kind(other)) << "the checksum holds for the prefix, too";
}

TEST(SecretToken, ShortIdsDiffer) {
  SystemEntropy entropy;
  std::set<std::string> ids;
  for (int i = 0; i < 1000; ++i) ids.insert(make_short_id(entropy));
  EXPECT_EQ(ids.size(), 1000U);
  EXPECT_EQ(ids.begin()->size(), 12U);
}

}  // namespace berth
