#include "auth/name_pattern.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <regex>
#include <string>

namespace berth {
namespace {

NamePattern glob(const std::string& text) {
  return NamePattern::parse_repository(text).value();
}

TEST(NamePattern, MatchesWithinAndAcrossSegments) {
  struct Case {
    const char* pattern;
    const char* name;
    bool matches;
  };
  for (const Case& each : std::initializer_list<Case>{
           {"app", "app", true},
           {"app", "apps", false},
           {"app", "a", false},
           {"*", "app", true},
           {"*", "team/app", false},
           {"**", "team/app", true},
           {"**", "app", true},
           {"team/*", "team/app", true},
           {"team/*", "team/app/x", false},
           {"team/**", "team/app/x", true},
           {"team/**", "team", false},
           {"team/**", "teams/app", false},
           {"**/app", "app", true},
           {"**/app", "team/app", true},
           {"**/app", "team/sub/app", true},
           {"**/app", "team/xapp", false},
           {"team/**/app", "team/app", true},
           {"team/**/app", "team/a/b/app", true},
           {"team/**/app", "team/xapp", false},
           {"team/**/app", "teamapp", false},
           {"a*c", "abc", true},
           {"a*c", "ac", true},
           {"a*c", "a/c", false},
           {"a**c", "a/c", true},
           {"a**c", "ab/bc", true},
           {"*a*/c", "a/xa/c", false},
           {"**/*a*/c", "a/xa/c", true},
           {"*-*-*", "a-b-c", true},
           {"*-*-*", "a-b", false},
           {"**a*b", "a/ab", true},
           {"**a*b", "a/b", false},
           {"x/*/y/**", "x/1/y/z", true},
           {"x/*/y/**", "x/1/2/y/z", false},
       }) {
    EXPECT_EQ(glob(each.pattern).matches(each.name), each.matches) << each.pattern << " " << each.name;
  }
}

// Against a second reading of the same rules: the pattern as a regular expression.
TEST(NamePattern, AgreesWithARegularExpression) {
  const std::string pattern_letters = "ab/*";
  const std::string name_letters = "ab/";
  std::vector<std::string> patterns{""};
  std::vector<std::string> names{""};
  for (int length = 0; length < 5; ++length) {
    const auto extend = [](std::vector<std::string>& texts, const std::string& letters) {
      std::vector<std::string> longer;
      for (const std::string& text : texts) {
        for (const char letter : letters) longer.push_back(text + letter);
      }
      texts = std::move(longer);
    };
    extend(patterns, pattern_letters);
    extend(names, name_letters);
    for (const std::string& text : patterns) {
      const auto pattern = NamePattern::parse_repository(text);
      if (!pattern) continue;
      std::string expression;
      for (std::size_t i = 0; i < text.size(); ++i) {
        const bool is_double = text.compare(i, 2, "**") == 0;
        const bool is_at_segment = i == 0 || text[i - 1] == '/';
        if (is_double && is_at_segment && text.compare(i, 3, "**/") == 0) {
          expression += "(.*/)?";
          i += 2;
        } else if (is_double) {
          expression += ".*";
          ++i;
        } else if (text[i] == '*') {
          expression += "[^/]*";
        } else {
          expression += text[i];
        }
      }
      const std::regex regex(expression);
      for (const std::string& name : names) {
        if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string::npos) continue;
        ASSERT_EQ(pattern->matches(name), std::regex_match(name, regex)) << text << " " << name;
      }
    }
  }
}

TEST(NamePattern, TakesNoLongOnHostilePatterns) {
  const std::string name(255, 'a');
  std::string text;
  while (text.size() < 240) text += "a*a**";
  EXPECT_FALSE(glob(text + "b").matches(name));
}

TEST(NamePattern, KnowsItsLiteralBeginning) {
  EXPECT_EQ(glob("team/app-*").literal_prefix(), "team/app-");
  EXPECT_EQ(glob("**").literal_prefix(), "");
  EXPECT_TRUE(glob("team/app").is_literal());
  EXPECT_FALSE(glob("team/*").is_literal());
  EXPECT_TRUE(glob("**").is_everything());
}

TEST(NamePattern, RefusesWhatNoNameCanMatch) {
  for (const char* text : {"", "/a", "a/", "a//b", "Team", "a b", "a:b", "***", "a?"}) {
    EXPECT_FALSE(NamePattern::parse_repository(text)) << text;
  }
  EXPECT_NE(NamePattern::parse_repository("Team/**").error().find("lower case"), std::string::npos);
  EXPECT_TRUE(NamePattern::parse_tag("v*-RC1"));
  for (const char* text : {"", "a/b", "v 1"}) EXPECT_FALSE(NamePattern::parse_tag(text)) << text;
  EXPECT_TRUE(NamePattern::parse_tag("v1.*")->matches("v1.2"));
}

}  // namespace
}  // namespace berth
