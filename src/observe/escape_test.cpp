#include "observe/escape.h"

#include <gtest/gtest.h>

#include <string>

namespace berth {
namespace {

std::string as_quoted(std::string_view text) {
  std::string out;
  append_quoted(out, text);
  return out;
}

std::string bare_or_quoted(std::string_view text) {
  std::string out;
  append_bare_or_quoted(out, text);
  return out;
}

std::string json(std::string_view text) {
  std::string out;
  append_json_quoted(out, text);
  return out;
}

TEST(AppendQuoted, KeepsPlainTextAndUtf8) {
  EXPECT_EQ(as_quoted("a b=c"), R"("a b=c")");
  EXPECT_EQ(as_quoted("gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x9A\xA2"),
            "\"gr\xC3\xBC\xC3\x9F \xE2\x82\xAC \xF0\x9F\x9A\xA2\"");
}

TEST(AppendQuoted, LetsNothingEndTheLineOrTheQuotes) {
  EXPECT_EQ(as_quoted("a\nlevel=error\r\t"), R"("a\nlevel=error\r\t")");
  EXPECT_EQ(as_quoted(R"(say "no" \ yes)"), R"("say \"no\" \\ yes")");
  EXPECT_EQ(as_quoted(std::string_view("\x1b[2J\0\x7f", 6)), R"("\x1b[2J\x00\x7f")");
}

TEST(AppendQuoted, ShowsDeceptiveCharactersByNumber) {
  EXPECT_EQ(as_quoted("\xC2\x85"), R"("\u0085")");      // next line
  EXPECT_EQ(as_quoted("\xE2\x80\xA8"), R"("\u2028")");  // line separator
  EXPECT_EQ(as_quoted("\xE2\x80\xAE"
                      "gpj"),
            R"("\u202egpj")");  // right-to-left override
}

TEST(AppendQuoted, ShowsBytesThatAreNotUtf8) {
  EXPECT_EQ(as_quoted("\xFF"), R"("\xff")");
  EXPECT_EQ(as_quoted("\xC0\xAF"), R"("\xc0\xaf")");                  // overlong
  EXPECT_EQ(as_quoted("\xED\xA0\x80"), R"("\xed\xa0\x80")");          // surrogate
  EXPECT_EQ(as_quoted("\xF4\x90\x80\x80"), R"("\xf4\x90\x80\x80")");  // beyond U+10FFFF
  EXPECT_EQ(as_quoted("\xE2\x82"), R"("\xe2\x82")");                  // cut off
}

TEST(AppendQuoted, CutsLongTextAtACharacter) {
  std::string text(kLoggedTextLimitBytes - 1, 'a');
  EXPECT_EQ(as_quoted(text).size(), text.size() + 2);
  text += "\xE2\x82\xAC and more";
  EXPECT_EQ(as_quoted(text), "\"" + std::string(kLoggedTextLimitBytes - 1, 'a') + "...\"");
}

TEST(AppendBareOrQuoted, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(bare_or_quoted("sha256"), "sha256");
  EXPECT_EQ(bare_or_quoted("library/app_1.0-rc@x+^"), "library/app_1.0-rc@x+^");
  EXPECT_EQ(bare_or_quoted("sha256:abc"), R"("sha256:abc")");
  EXPECT_EQ(bare_or_quoted(""), R"("")");
  EXPECT_EQ(bare_or_quoted("a=b"), R"("a=b")");
}

TEST(AppendJsonString, IsValidJsonWhateverComes) {
  EXPECT_EQ(json("a\"b\\c\n\x01"), R"("a\"b\\c\n\u0001")");
  EXPECT_EQ(json("\xFFz"), "\"\xEF\xBF\xBDz\"");
  EXPECT_EQ(json("\xE2\x80\xA8"), R"("\u2028")");
}

}  // namespace
}  // namespace berth
