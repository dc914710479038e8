#include "content/json_document.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth {
namespace {

using ::testing::HasSubstr;

std::string refusal_of(std::string_view text, const JsonLimits& limits = {}) {
  const Result<JsonDocument> document = JsonDocument::parse(text, limits);
  if (document) return "accepted";
  EXPECT_EQ(document.error().code, ErrorCode::manifest_invalid);
  return document.error().message;
}

TEST(JsonDocument, GivesEveryKindOfValue) {
  const std::string text = R"( {"s":"x","i":7,"d":1.5,"t":true,"n":null,"a":[1,"two",[]],"o":{"k":"v"},"e":{}} )";
  const Result<JsonDocument> document = JsonDocument::parse(text);
  ASSERT_TRUE(document) << document.error().message;
  const JsonValue root = document->root();
  EXPECT_EQ(root.kind(), JsonKind::object);
  EXPECT_EQ(root.find("s")->as_string(), "x");
  EXPECT_EQ(root.find("i")->as_whole_number(), 7U);
  EXPECT_EQ(root.find("d")->kind(), JsonKind::other_number);
  EXPECT_EQ(root.find("d")->as_whole_number(), std::nullopt);
  EXPECT_EQ(root.find("t")->kind(), JsonKind::boolean);
  EXPECT_TRUE(root.find("n")->is_null());
  EXPECT_EQ(root.find("o")->find("k")->as_string(), "v");
  EXPECT_FALSE(root.find("k"));
  EXPECT_FALSE(root.find("s")->find("k"));
  EXPECT_FALSE(root.find("s")->as_whole_number());
  EXPECT_FALSE(root.find("i")->as_string());
  EXPECT_FALSE(root.find("e")->first_child());

  std::optional<JsonValue> element = root.find("a")->first_child();
  EXPECT_EQ(element->as_whole_number(), 1U);
  element = element->next_sibling();
  EXPECT_EQ(element->as_string(), "two");
  element = element->next_sibling();
  EXPECT_EQ(element->kind(), JsonKind::array);
  EXPECT_FALSE(element->first_child());
  EXPECT_FALSE(element->next_sibling());
}

TEST(JsonDocument, UnescapesStringsAndKeys) {
  const std::string text = R"({"a\u0062c":"x\ny","\"":"\u00e9\ud83d\ude00","plain":"","esc":"\u0000"})";
  const Result<JsonDocument> document = JsonDocument::parse(text);
  ASSERT_TRUE(document) << document.error().message;
  EXPECT_EQ(document->root().find("abc")->as_string(), "x\ny");
  EXPECT_EQ(document->root().find("\"")->as_string(), "\xc3\xa9\xf0\x9f\x98\x80");
  EXPECT_EQ(document->root().find("plain")->as_string(), "");
  EXPECT_EQ(document->root().find("esc")->as_string(), std::string_view("\0", 1));
}

TEST(JsonDocument, KeepsLongEscapedStringsWhole) {
  std::string escaped;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    escaped += "ab\\n";
    expected += "ab\n";
  }
  const std::string text = "[\"" + escaped + "\",\"next\"]";
  const Result<JsonDocument> document = JsonDocument::parse(text);
  ASSERT_TRUE(document);
  EXPECT_EQ(document->root().first_child()->as_string(), expected);
  EXPECT_EQ(document->root().first_child()->next_sibling()->as_string(), "next");
}

TEST(JsonDocument, StaysWholeWhenMoved) {
  const std::string text = R"({"k\u0065y":"\u0061"})";
  JsonDocument document = std::move(*JsonDocument::parse(text));
  const JsonDocument moved = std::move(document);
  EXPECT_EQ(moved.root().find("key")->as_string(), "a");
}

TEST(JsonDocument, TakesWholeNumbersUpToTheSignedLimitOnly) {
  const auto number = [](const std::string& text) {
    const Result<JsonDocument> document = JsonDocument::parse(text);
    EXPECT_TRUE(document) << text;
    return document->root().as_whole_number();
  };
  EXPECT_EQ(number("0"), 0U);
  EXPECT_EQ(number("9223372036854775807"), 9223372036854775807U);
  for (const char* text : {"9223372036854775808", "18446744073709551615", "18446744073709551616", "-1",
                           "-9223372036854775809", "1.0", "1e3", "0.5", "1e400", "\"1\"", "true", "null"}) {
    EXPECT_EQ(number(text), std::nullopt) << text;
  }
}

TEST(JsonDocument, RefusesDuplicateKeysAndSaysWhere) {
  EXPECT_EQ(refusal_of(R"({"a":1,"a":1})"), "a: appears twice");
  EXPECT_EQ(refusal_of(R"({"a":1,"\u0061":2})"), "a: appears twice");
  EXPECT_EQ(refusal_of(R"({"x":{},"layers":[{},[],{"size":1,"b":2,"size":3}]})"), "layers[2].size: appears twice");
  EXPECT_EQ(refusal_of(R"([{"o":[[{"a":{"":0,"":0}}]]}])"), "[0].o[0][0].a.: appears twice");
  EXPECT_EQ(refusal_of(R"({"a":{"k":1},"b":{"k":1},"k":[{"k":1},{"k":1}]})"), "accepted");
}

TEST(JsonDocument, FindsADuplicateAmongManyKeys) {
  std::string text = "{";
  for (int i = 0; i < 5000; ++i) text += "\"key" + std::to_string(i) + "\":0,";
  EXPECT_EQ(refusal_of(text + "\"last\":0}"), "accepted");
  EXPECT_EQ(refusal_of(text + "\"key1234\":0}"), "key1234: appears twice");
}

TEST(JsonDocument, RefusesWhatIsNotJson) {
  for (const char* text : {"",
                           " ",
                           "{",
                           "}",
                           "{]",
                           "[1,]",
                           "{\"a\":1,}",
                           "{\"a\"}",
                           "{a:1}",
                           "{'a':1}",
                           "01",
                           "+1",
                           ".5",
                           "1.",
                           "nul",
                           "NaN",
                           "// x\n1",
                           "/* */1",
                           "\"\t\"",
                           "\"\\x\"",
                           "\"\\ud800\"",
                           "\"\\udc00x\"",
                           "{} {}",
                           "[] x",
                           "\xef\xbb\xbf{}",
                           "\"abc"}) {
    EXPECT_THAT(refusal_of(text), HasSubstr("not valid JSON in UTF-8")) << text;
  }
  EXPECT_THAT(refusal_of(std::string_view("{}\0", 3)), HasSubstr("not valid JSON"));
}

TEST(JsonDocument, RefusesInvalidUtf8) {
  for (const std::string& bytes :
       {std::string("\x80"), std::string("\xff"), std::string("\xc3"), std::string("\xc0\xaf"),
        std::string("\xe0\x80\xaf"), std::string("\xf0\x80\x80\xaf"), std::string("\xed\xa0\x80"),
        std::string("\xf4\x90\x80\x80"), std::string("\xf5\x80\x80\x80"), std::string("\xc3(")}) {
    EXPECT_THAT(refusal_of("\"" + bytes + "\""), HasSubstr("not valid JSON in UTF-8"));
    EXPECT_THAT(refusal_of("{\"" + bytes + "\":1}"), HasSubstr("not valid JSON in UTF-8"));
  }
  EXPECT_EQ(refusal_of("\"\xf4\x8f\xbf\xbf\xed\x9f\xbf\xe2\x82\xac\""), "accepted");
}

TEST(JsonDocument, ReadsNumbersThatAreNotWhole) {
  const auto number = [](std::string_view text) { return JsonDocument::parse(text).value().root().as_number(); };
  EXPECT_EQ(number("17"), 17.0);
  EXPECT_EQ(number("1700000000.5"), 1700000000.5);
  EXPECT_EQ(number("1.7e9"), 1.7e9);
  EXPECT_EQ(number("-1"), std::nullopt);
  EXPECT_EQ(number("-1.5"), std::nullopt);
  EXPECT_EQ(number("\"1\""), std::nullopt);
}

TEST(JsonDocument, HoldsToTheDepthLimit) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_EQ(refusal_of(nested(64)), "accepted");
  EXPECT_THAT(refusal_of(nested(65)), HasSubstr("nested deeper than 64"));
  EXPECT_THAT(refusal_of(std::string(1'000'000, '[')), HasSubstr("nested deeper than 64"));
  EXPECT_EQ(refusal_of(R"({"a":[1]})", {.nesting_depth = 2}), "accepted");
  EXPECT_THAT(refusal_of(R"({"a":[{}]})", {.nesting_depth = 2}), HasSubstr("nested deeper than 2"));
}

TEST(JsonDocument, ReadsBooleans) {
  const std::string text = R"({"yes":true,"no":false,"one":1})";
  const JsonDocument document = JsonDocument::parse(text).value();
  EXPECT_EQ(document.root().find("yes")->as_boolean(), true);
  EXPECT_EQ(document.root().find("no")->as_boolean(), false);
  EXPECT_EQ(document.root().find("one")->as_boolean(), std::nullopt);
}

TEST(JsonDocument, HoldsToTheValueLimit) {
  EXPECT_EQ(refusal_of("[1,2,{}]", {.value_count = 4}), "accepted");
  EXPECT_EQ(refusal_of("[1,2,{},3]", {.value_count = 4}), "more than 4 JSON values");
}

}  // namespace
}  // namespace berth
