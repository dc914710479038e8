#include "auth/secret_hash.h"

#include <gtest/gtest.h>

#include <string>

#include "auth/equal_secrets.h"

namespace berth {
namespace {

constexpr SecretCost kCheap{.yescrypt = 1};
// Of "password", by crypt(3) and by the argon2 program.
const std::string kYescryptHash = "$y$j75$5Qk/5Qk/5Qk/5Qk/5Qk/5.$tfuG32lO7bdhJzqpFyGxQcqdrYTNEQ.Mc2Q5sUB4XO4";

std::string refusal_of(std::string_view stored) {
  const auto method = parse_secret_hash(stored);
  return method ? "taken" : method.error();
}

}  // namespace

TEST(SecretHash, OpensForItsPasswordAlone) {
  SystemEntropy entropy;
  const std::string stored = hash_password_blocking("open sesame", kCheap, entropy);
  EXPECT_TRUE(stored.starts_with("$y$")) << stored;
  EXPECT_TRUE(is_password_blocking("open sesame", stored));
  for (const char* wrong : {"", "open sesam", "open sesame ", "Open sesame"}) {
    EXPECT_FALSE(is_password_blocking(wrong, stored)) << wrong;
  }
  EXPECT_FALSE(is_password_blocking(std::string("open sesame\0x", 13), stored)) << "a NUL ends a string in C";
}

TEST(SecretHash, TwoOfOnePasswordDiffer) {
  SystemEntropy entropy;
  EXPECT_NE(hash_password_blocking("x", kCheap, entropy), hash_password_blocking("x", kCheap, entropy));
}

TEST(SecretHash, CostsWhatItIsTold) {
  SystemEntropy entropy;
  EXPECT_TRUE(hash_password_blocking("x", {.yescrypt = 2}, entropy).starts_with("$y$j85$"));
  EXPECT_TRUE(hash_password_blocking("x", {.yescrypt = 3}, entropy).starts_with("$y$j7T$"));
  EXPECT_TRUE(hash_of_nobody({.yescrypt = 5}).starts_with("$y$j9T$"));
  EXPECT_TRUE(hash_of_nobody({.yescrypt = kMostYescryptCost}).starts_with("$y$jFT$"));
}

TEST(SecretHash, TakesLongPasswordsWhole) {
  SystemEntropy entropy;
  const std::string longest(kLongestPassword, 'p');
  const std::string stored = hash_password_blocking(longest, kCheap, entropy);
  EXPECT_TRUE(is_password_blocking(longest, stored));
  EXPECT_FALSE(is_password_blocking(longest.substr(1), stored));
  EXPECT_FALSE(is_password_blocking(longest + "p", stored));
}

TEST(SecretHash, OpensWhatOthersMade) {
  EXPECT_TRUE(is_password_blocking("password", kYescryptHash));
  EXPECT_FALSE(is_password_blocking("passwort", kYescryptHash));
  const std::string bcrypt = "$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm";
  EXPECT_EQ(parse_secret_hash(bcrypt), SecretMethod::bcrypt);
  EXPECT_TRUE(is_password_blocking("password", bcrypt));
  EXPECT_FALSE(is_password_blocking("passwort", bcrypt));
  // argon2 somesalt -id -t 2 -k 256 -p 1 -e
  const std::string argon = "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4";
  EXPECT_EQ(parse_secret_hash(argon), SecretMethod::argon2id);
  EXPECT_TRUE(is_password_blocking("password", argon));
  EXPECT_FALSE(is_password_blocking("passwort", argon));
}

TEST(SecretHash, NoPasswordOpensNobodys) {
  const std::string nobody = hash_of_nobody(kCheap);
  EXPECT_EQ(parse_secret_hash(nobody), SecretMethod::yescrypt) << "else nothing would be computed";
  for (const char* any : {"", "password", "z"}) EXPECT_FALSE(is_password_blocking(any, nobody));
}

TEST(SecretHash, RefusesWhatItDoesNotKnowOrWhatWouldCostTooMuch) {
  EXPECT_NE(refusal_of("").find("is not a hash"), std::string::npos);
  EXPECT_NE(refusal_of("secret").find("is not a hash"), std::string::npos);
  EXPECT_NE(refusal_of("$6$salt$hash").find("is not a hash"), std::string::npos);
  EXPECT_NE(refusal_of("$apr1$x$y").find("is not a hash"), std::string::npos);
  EXPECT_NE(refusal_of("$2b$18$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm").find("cost 18"),
            std::string::npos);
  EXPECT_NE(refusal_of("$2b$10$short").find("no bcrypt"), std::string::npos);
  EXPECT_NE(refusal_of("$y$jzT$5Qk/5Qk/5Qk/5Qk/5Qk/5.$tfuG32lO7bdhJzqpFyGxQcqdrYTNEQ.Mc2Q5sUB4XO4").find("no yescrypt"),
            std::string::npos);
  EXPECT_NE(refusal_of("$y$j9T$").find("no yescrypt"), std::string::npos);
  EXPECT_NE(refusal_of("$argon2id$v=19$m=4194304,t=1,p=1$c29tZXNhbHQ$aaaa").find("higher cost"), std::string::npos);
  EXPECT_NE(refusal_of("$argon2id$v=19$m=x").find("no argon2id"), std::string::npos);
  EXPECT_NE(refusal_of(std::string(256, '$')).find("longer"), std::string::npos);
  EXPECT_FALSE(is_password_blocking("secret", "secret"));
}

TEST(EqualSecrets, ComparesWhole) {
  EXPECT_TRUE(are_equal_secrets("", ""));
  EXPECT_TRUE(are_equal_secrets("abc", "abc"));
  EXPECT_FALSE(are_equal_secrets("abc", "abd"));
  EXPECT_FALSE(are_equal_secrets("abc", "abcd"));
}

}  // namespace berth
