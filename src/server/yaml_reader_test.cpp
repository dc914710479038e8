#include "server/yaml_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace berth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Outcome {
  ConfigValue value;
  std::string error;
  std::vector<std::string> warnings;
};

Outcome read(std::string_view text, YamlOptions options = {}) {
  options.source = std::make_shared<const std::string>("c.yml");
  std::vector<SettingProblem> warnings;
  auto value = read_yaml(text, options, warnings);
  Outcome outcome;
  if (value) {
    outcome.value = std::move(*value);
  } else {
    outcome.error = value.error().line();
  }
  for (const SettingProblem& warning : warnings) outcome.warnings.push_back(warning.line());
  return outcome;
}

TEST(ReadYaml, KeepsOrderStyleAndLines) {
  const Outcome outcome = read("a: 1\nb:\n  - x\n  - 'true'\nc: {d: }\n");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.value.to_text(), "{a: 1, b: [x, true], c: {d: null}}");
  const ConfigValue& list = *outcome.value.find("b");
  EXPECT_FALSE(list.items()[0].is_quoted());
  EXPECT_TRUE(list.items()[1].is_quoted());
  EXPECT_EQ(list.items()[1].position().text(), "c.yml:4");
  EXPECT_EQ(outcome.value.entries()[2].position.text(), "c.yml:5");
}

TEST(ReadYaml, UnderstandsPlainNullsAndTags) {
  const Outcome outcome = read("a: ~\nb: null\nc: !!str 5\nd: :5000\ne: \"\"\n");
  EXPECT_TRUE(outcome.value.find("a")->is_null());
  EXPECT_TRUE(outcome.value.find("b")->is_null());
  EXPECT_TRUE(outcome.value.find("c")->is_quoted());
  EXPECT_EQ(outcome.value.find("d")->text(), ":5000");
  EXPECT_TRUE(outcome.value.find("e")->is_scalar());
}

TEST(ReadYaml, LastOfDuplicateKeysWinsWithAWarning) {
  const Outcome outcome = read("a: 1\nb: 2\na: {x: 3}\n");
  EXPECT_EQ(outcome.value.to_text(), "{a: {x: 3}, b: 2}");
  EXPECT_THAT(outcome.warnings, ElementsAre("c.yml:3: a: duplicate key, the last one wins over the one in line 1"));
}

TEST(ReadYaml, NamesTheFullPathOfADuplicate) {
  EXPECT_THAT(read("a:\n  b:\n    - x\n    - c: 1\n      c: 2\n").warnings,
              ElementsAre("c.yml:5: a.b[1].c: duplicate key, the last one wins over the one in line 4"));
}

TEST(ReadYaml, ExpandsAnchorsAndAliases) {
  const Outcome outcome = read("a: &x [1, 2]\nb: *x\nc: &k name\n*k : v\n");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.value.to_text(), "{a: [1, 2], b: [1, 2], c: name, name: v}");
}

TEST(ReadYaml, MergesMapsUnderWhatIsWrittenOut) {
  const Outcome outcome = read(
      "base: &base {a: 1, b: 1}\n"
      "other: &other {b: 2, c: 2}\n"
      "one:\n  b: 9\n  <<: *base\n"
      "two:\n  <<: [*base, *other]\n  c: 9\n"
      "three:\n  <<: {a: 3}\n"
      "four:\n  '<<': {a: 4}\n");
  EXPECT_EQ(outcome.error, "");
  EXPECT_EQ(outcome.value.find("one")->to_text(), "{b: 9, a: 1}");
  EXPECT_EQ(outcome.value.find("two")->to_text(), "{c: 9, a: 1, b: 1}");
  EXPECT_EQ(outcome.value.find("three")->to_text(), "{a: 3}");
  EXPECT_EQ(outcome.value.find("four")->to_text(), "{<<: {a: 4}}");
  EXPECT_THAT(outcome.warnings, IsEmpty());
}

TEST(ReadYaml, MergesThroughSeveralLevels) {
  const Outcome outcome = read("a: &a {x: 1}\nb: &b {<<: *a, y: 2}\nc: {<<: *b, x: 3}\n");
  EXPECT_EQ(outcome.value.find("c")->to_text(), "{x: 3, y: 2}");
}

TEST(ReadYaml, RefusesToMergeWhatIsNoMap) {
  EXPECT_EQ(read("a:\n  <<: 5\n").error, "c.yml:2: \"5\" is not a map that << could merge");
  EXPECT_EQ(read("a:\n  <<: [{b: 1}, x]\n").error, "c.yml:2: \"x\" is not a map that << could merge");
}

TEST(ReadYaml, NamesTheLineOfASyntaxError) {
  EXPECT_THAT(read("a: 1\nb: [1, 2\n").error, HasSubstr("c.yml:3: not YAML: "));
  EXPECT_THAT(read("a: b: c\n").error, HasSubstr("c.yml:1: not YAML: "));
  EXPECT_THAT(read("a:\n\t- 1\n").error, HasSubstr("not YAML: "));
  EXPECT_THAT(read("a: *nothing\n").error, HasSubstr("c.yml:1: not YAML: "));
  EXPECT_EQ(read("? [a]\n: 1\n").error, "c.yml:1: a key must be a word");
  EXPECT_EQ(read("? {a: b}\n: 1\n").error, "c.yml:1: a key must be a word");
  EXPECT_EQ(read("~: 1\n").error, "c.yml:1: a key must be a word");
}

TEST(ReadYaml, StopsAnAliasBomb) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int level = 1; level < 10; ++level) {
    bomb += "a" + std::to_string(level) + ": &a" + std::to_string(level) + " [";
    for (int i = 0; i < 10; ++i) bomb += (i == 0 ? "*a" : ", *a") + std::to_string(level - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(read(bomb).error, HasSubstr("more than 200000 values"));
}

TEST(ReadYaml, RefusesAnAliasToItself) {
  EXPECT_EQ(read("a: &a [*a]\n").error, "c.yml:1: an alias inside of what it stands for");
}

TEST(ReadYaml, RefusesDepthAndCount) {
  EXPECT_THAT(read(std::string(100, '[') + std::string(100, ']')).error,
              HasSubstr("c.yml:1: nested more than 64 deep"));
  EXPECT_EQ(read("[a, b, c]", {.node_limit = 3}).error, "c.yml:1: more than 3 values");
}

TEST(ReadYaml, ReadsTheFirstDocumentOnly) {
  const Outcome outcome = read("a: 1\n---\nb: 2\n");
  EXPECT_EQ(outcome.value.to_text(), "{a: 1}");
  EXPECT_THAT(outcome.warnings, ElementsAre("c.yml: only the first of several documents is read"));
  EXPECT_TRUE(read("").value.is_null());
  EXPECT_TRUE(read("# nothing\n").value.is_null());
}

TEST(ReadYaml, LeavesLinesOutOfAVariablesPosition) {
  const Outcome outcome = read("{a: [}", {.has_lines = false});
  EXPECT_THAT(outcome.error, HasSubstr("c.yml: not YAML: "));
}

}  // namespace
}  // namespace berth
