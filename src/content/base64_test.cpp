#include "content/base64.h"

#include <gtest/gtest.h>

#include <utility>
#include <vector>

namespace berth {
namespace {

// RFC 4648, section 10.
const std::vector<std::pair<std::string, std::string>> kVectors{
    {"", ""},
    {"f", "Zg=="},
    {"fo", "Zm8="},
    {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="},
    {"fooba", "Zm9vYmE="},
    {"foobar", "Zm9vYmFy"},
    {"\xff\xfe\xfd", "//79"},
};

TEST(Base64, MatchesTheVectorsOfTheRfcBothWays) {
  for (const auto& [bytes, text] : kVectors) {
    EXPECT_EQ(to_base64(std::as_bytes(std::span(bytes))), text);
    EXPECT_EQ(from_base64(text), bytes);
  }
}

TEST(Base64, CarriesEveryByteAtEveryPosition) {
  for (std::size_t length = 1; length <= 6; ++length) {
    for (unsigned value = 0; value < 256; ++value) {
      for (std::size_t position = 0; position < length; ++position) {
        std::string bytes(length, 'x');
        bytes[position] = static_cast<char>(value);
        ASSERT_EQ(from_base64(to_base64(std::as_bytes(std::span(bytes)))), bytes);
      }
    }
  }
}

TEST(Base64, RefusesWhatItWouldNotWrite) {
  for (const char* text : {"Z", "Zg", "Zg=", "Zg===", "====", "=", "==", "Zm=v", "Z===", "Zm9v\n", "Zm9 ", "Zm-_",
                           "Zh==", "Zm9=", "Zg==Zg==", "Zm9v====", "\xff\xff\xff\xff"}) {
    EXPECT_EQ(from_base64(text), std::nullopt) << text;
  }
}

TEST(Base64, HasAFormForUrls) {
  const std::string bytes("\xfb\xff\xbf\x00z", 5);
  EXPECT_EQ(to_base64url(std::as_bytes(std::span(bytes))), "-_-_AHo");
  EXPECT_EQ(from_base64url("-_-_AHo"), bytes);
  EXPECT_EQ(from_base64url(""), "");
  for (const char* text : {"+/+/AHo", "-_-_AHo=", "Z", "Zh", "Zg==", "-_-_AHo\n"}) {
    EXPECT_EQ(from_base64url(text), std::nullopt) << text;
  }
}

}  // namespace
}  // namespace berth
