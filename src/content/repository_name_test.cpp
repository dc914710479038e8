#include "content/repository_name.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>

namespace berth {
namespace {

using ::testing::HasSubstr;

TEST(RepositoryName, AcceptsTheNamesOfTheSpecification) {
  for (const char* text : {"a", "0", "library/nginx", "a/b/c/d/e/f/g/h", "a.b", "a_b", "a__b", "a-b", "a--b", "a-----b",
                           "a.b_c__d-e---f/0.1", "conformance/repo1"}) {
    const Result<RepositoryName> name = RepositoryName::parse(text);
    ASSERT_TRUE(name) << text;
    EXPECT_EQ(name->text(), text);
  }
}

TEST(RepositoryName, RefusesEverythingElse) {
  for (const std::string& text : {std::string(""),
                                  std::string("A"),
                                  std::string("aB"),
                                  std::string("/"),
                                  std::string("/a"),
                                  std::string("a/"),
                                  std::string("a//b"),
                                  std::string("."),
                                  std::string(".."),
                                  std::string("a/../b"),
                                  std::string("a/./b"),
                                  std::string(".a"),
                                  std::string("a."),
                                  std::string("a..b"),
                                  std::string("_a"),
                                  std::string("a_"),
                                  std::string("a___b"),
                                  std::string("-a"),
                                  std::string("a-"),
                                  std::string("a._b"),
                                  std::string("a_.b"),
                                  std::string("a-_b"),
                                  std::string("a/-b"),
                                  std::string("a b"),
                                  std::string("a:b"),
                                  std::string("a@b"),
                                  std::string("a%2fb"),
                                  std::string("a\0b", 3),
                                  std::string("a\n"),
                                  std::string("\xc3\xa4"),
                                  std::string("localhost:5000/a")}) {
    const Result<RepositoryName> name = RepositoryName::parse(text);
    ASSERT_FALSE(name) << text;
    EXPECT_EQ(name.error().code, ErrorCode::name_invalid);
  }
}

TEST(RepositoryName, Takes255CharactersAndNoMore) {
  EXPECT_TRUE(RepositoryName::parse(std::string(255, 'a')));
  const Result<RepositoryName> name = RepositoryName::parse(std::string(256, 'a'));
  ASSERT_FALSE(name);
  EXPECT_THAT(name.error().message, HasSubstr("longer than 255"));
  EXPECT_LT(name.error().message.size(), 250U);
}

// Every text of up to six characters of the interesting ones, against the specification's own expression.
TEST(RepositoryName, AgreesWithTheSpecificationsExpression) {
  const std::regex expression("[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\\.|_|__|-+)[a-z0-9]+)*)*");
  const std::string alphabet = "a._-/";
  for (std::size_t length = 0; length <= 6; ++length) {
    std::size_t count = 1;
    for (std::size_t i = 0; i < length; ++i) count *= alphabet.size();
    for (std::size_t number = 0; number < count; ++number) {
      std::string text;
      for (std::size_t rest = number, i = 0; i < length; ++i, rest /= alphabet.size())
        text += alphabet[rest % alphabet.size()];
      ASSERT_EQ(RepositoryName::parse(text).has_value(), std::regex_match(text, expression)) << text;
    }
  }
}

TEST(RepositoryName, OrdersBytewise) {
  EXPECT_LT(*RepositoryName::parse("a-b"), *RepositoryName::parse("a.b"));
  EXPECT_LT(*RepositoryName::parse("a.b"), *RepositoryName::parse("a/b"));
  EXPECT_LT(*RepositoryName::parse("a/b"), *RepositoryName::parse("a0"));
}

TEST(Tag, AcceptsTheTagsOfTheSpecification) {
  for (const std::string& text :
       {std::string("latest"), std::string("v1.0.0"), std::string("_"), std::string("A-b_C.d"), std::string("0"),
        std::string(128, 'a'), std::string("a...---")}) {
    const Result<Tag> tag = Tag::parse(text);
    ASSERT_TRUE(tag) << text;
    EXPECT_EQ(tag->text(), text);
  }
}

TEST(Tag, RefusesEverythingElse) {
  for (const std::string& text :
       {std::string(""), std::string(".a"), std::string("-a"), std::string("a b"), std::string("a/b"),
        std::string("a:b"), std::string("a@b"), std::string("a+b"), std::string("a\0", 2), std::string("\xff"),
        std::string(129, 'a'), std::string(128, 'a') + "/"}) {
    const Result<Tag> tag = Tag::parse(text);
    ASSERT_FALSE(tag) << text;
    EXPECT_EQ(tag.error().code, ErrorCode::tag_invalid);
    EXPECT_THAT(tag.error().message, HasSubstr("is not a tag"));
  }
}

TEST(Tag, OrdersBytewise) {
  EXPECT_LT(*Tag::parse("1.10"), *Tag::parse("1.9"));
  EXPECT_LT(*Tag::parse("Z"), *Tag::parse("a"));
}

}  // namespace
}  // namespace berth
