#include "metadata/account_name.h"

#include <gtest/gtest.h>

namespace berth {

TEST(AccountName, TakesWhatNeedsNoQuoting) {
  for (const char* each : {"a", "0", "_x", "Alice", "alice.b-c_d+e@example.com"}) {
    EXPECT_TRUE(AccountName::parse(each)) << each;
  }
  EXPECT_TRUE(AccountName::parse(std::string(128, 'a')));
}

TEST(AccountName, RefusesTheRest) {
  for (const char* each : {"", ".a", "-a", "@a", "a b", "a:b", "a/b", "a$b", "a\n", "\xc3\xa4", "a\"b", "robot$a"}) {
    const Result<AccountName> parsed = AccountName::parse(each);
    ASSERT_FALSE(parsed) << each;
    EXPECT_EQ(parsed.error().code, ErrorCode::request_invalid);
  }
  EXPECT_FALSE(AccountName::parse(std::string(129, 'a')));
  EXPECT_FALSE(AccountName::parse(std::string_view("a\0b", 3)));
}

}  // namespace berth
