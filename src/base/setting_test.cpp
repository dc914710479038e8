#include "base/setting.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/setting_loader.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

enum class Colour { red, green };

struct Wheel {
  std::string name;
  int spokes = 20;
};

struct Bicycle {
  bool has_bell = false;
  int gears = 3;
  Colour colour = Colour::green;
  std::chrono::milliseconds warranty = 2h;
  std::optional<std::chrono::nanoseconds> delivery;
  std::uint64_t weight_bytes = 4096;
  std::vector<std::string> riders;
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;
  std::vector<Wheel> wheels;
};

void describe_wheel(SettingSection& section, Wheel& wheel) {
  section.value("name", checked(text(wheel.name), check_not_empty), "Its name.");
  section.value("spokes", number(wheel.spokes, 1), "How many spokes.");
}

class Settings : public testing::Test {
 protected:
  Settings() {
    SettingSection root(root_);
    SettingSection parts = root.section("parts", "The parts.");
    parts.value("bell", flag(bicycle_.has_bell), "Whether it rings.");
    parts.value("gears", number(bicycle_.gears, 1, 24), "How many gears.");
    parts.value("colour", choice<Colour>(bicycle_.colour, {{"red", Colour::red}, {"green", Colour::green}}), "Colour.");
    parts.list<Wheel>("wheels", bicycle_.wheels, describe_wheel, "The wheels.");
    root.value("warranty", duration(bicycle_.warranty, {.minimum = 1s}), "Time.");
    root.value("delivery", duration(bicycle_.delivery), "Time.");
    root.value("weight", byte_count(bicycle_.weight_bytes, 16), "Weight.");
    root.value("riders", text_list(bicycle_.riders), "Who.");
    root.value("rider", text(root.own<std::string>()), "Who, formerly.", {.replaced_by = "riders"});
    root.value("headers", header_map(bicycle_.headers), "Headers.");
    SettingSection basket =
        root.section("basket", "Things.", {.status = SettingStatus::accepted_no_op, .reason = "there is no basket"});
    basket.value("size", text(basket.own<std::string>("big")), "Size.");
    SettingSection motor = root.section("motor", "Power.", {.status = SettingStatus::not_built_yet, .is_choice = true});
    SettingSection diesel = motor.section("diesel", "Diesel.", {.is_alternative = true});
    diesel.value("power", number(diesel.own<int>(10)), "Power.");
    motor.value("enabled", flag(motor.own<bool>()), "On.", {.harmless = "false"});
  }

  static ConfigPosition at(std::size_t line) { return {std::make_shared<const std::string>("b.yml"), line}; }
  static ConfigValue word(std::string text, std::size_t line) {
    return ConfigValue::scalar(std::move(text), ConfigValue::Style::plain, at(line));
  }
  static ConfigValue map(std::vector<std::pair<std::string, ConfigValue>> entries, std::size_t line = 1) {
    ConfigValue value = ConfigValue::map(at(line));
    for (auto& [key, below] : entries) value.set(key, below, below.position());
    return value;
  }
  static ConfigValue list(std::vector<ConfigValue> items, std::size_t line = 1) {
    ConfigValue value = ConfigValue::list(at(line));
    value.items() = std::move(items);
    return value;
  }
  static std::vector<std::string> lines(const std::vector<SettingProblem>& problems) {
    std::vector<std::string> text;
    for (const SettingProblem& problem : problems) text.push_back(problem.line());
    return text;
  }
  SettingReport load(ConfigValue tree) {
    SettingReport report;
    move_replaced_keys(root_, tree, report);
    load_settings(root_, tree, report);
    return report;
  }

  Bicycle bicycle_;
  SettingNode root_;
};

TEST_F(Settings, LoadsEveryKindOfValue) {
  const SettingReport report = load(map({
      {"parts", map({{"bell", word("yes", 2)},
                     {"gears", word("0x10", 3)},
                     {"colour", word("RED", 4)},
                     {"wheels", list({map({{"name", word("front", 5)}}),
                                      map({{"name", word("back", 6)}, {"spokes", word("36", 7)}})})}})},
      {"warranty", word("90m", 8)},
      {"delivery", word("1500", 9)},
      {"weight", word("1MiB", 10)},
      {"riders", list({word("ann", 11), word("bob", 11)})},
      {"headers", map({{"X-A", list({word("1", 12)})}})},
  }));
  EXPECT_THAT(lines(report.errors), IsEmpty());
  EXPECT_THAT(lines(report.warnings), IsEmpty());
  EXPECT_TRUE(bicycle_.has_bell);
  EXPECT_EQ(bicycle_.gears, 16);
  EXPECT_EQ(bicycle_.colour, Colour::red);
  EXPECT_EQ(bicycle_.warranty, 90min);
  EXPECT_EQ(bicycle_.delivery, 1500ns);
  EXPECT_EQ(bicycle_.weight_bytes, 1U << 20);
  EXPECT_THAT(bicycle_.riders, ElementsAre("ann", "bob"));
  ASSERT_EQ(bicycle_.wheels.size(), 2U);
  EXPECT_EQ(bicycle_.wheels[0].spokes, 20);
  EXPECT_EQ(bicycle_.wheels[1].spokes, 36);
  EXPECT_EQ(find_setting(root_, "parts.wheels")->show(), "[{name: front, spokes: 20}, {name: back, spokes: 36}]");
  EXPECT_EQ(find_setting(root_, "headers")->show(), "{X-A: [1]}");
}

TEST_F(Settings, SayFileLineKeyAndReason) {
  const SettingReport report = load(map({
      {"parts", map({{"bell", word("maybe", 2)},
                     {"gears", word("25", 3)},
                     {"colour", word("blue", 4)},
                     {"wheels", list({map({{"name", word("", 5)}}), word("x", 6)})}})},
      {"warranty", word("abc", 7)},
      {"delivery", word("-1s", 8)},
      {"weight", word("4M", 9)},
      {"riders", word("ann", 10)},
      {"headers", map({{"X-A", word("1", 11)}})},
  }));
  EXPECT_THAT(
      lines(report.errors),
      ElementsAre(
          "b.yml:2: parts.bell: \"maybe\" is not true or false", "b.yml:3: parts.gears: 25 is more than 24",
          "b.yml:4: parts.colour: \"blue\" is not one of red, green", "b.yml:6: parts.wheels[1]: \"x\" is not a map",
          "b.yml:5: parts.wheels[0].name: must not be empty", "b.yml:7: warranty: \"abc\" is not a duration (like 30s)",
          "b.yml:8: delivery: \"-1s\" is less than 0s", "b.yml:9: weight: \"4M\" is not a byte count (like 4MiB)",
          "b.yml:10: riders: \"ann\" is not a list (like [a, b])",
          "b.yml:11: headers: \"1\" is not a list of values for the header X-A (like [a, b])"));
  EXPECT_EQ(bicycle_.gears, 3);
  EXPECT_EQ(bicycle_.warranty, 2h);
}

TEST_F(Settings, RefuseDurationsBelowTheBoundOrTheResolution) {
  EXPECT_THAT(lines(load(map({{"warranty", word("1ms", 1)}})).errors),
              ElementsAre("b.yml:1: warranty: \"1ms\" is less than 1s"));
  EXPECT_THAT(lines(load(map({{"warranty", word("30", 1)}})).errors),
              ElementsAre("b.yml:1: warranty: \"30\" is less than 1s"));
}

TEST_F(Settings, WarnAboutUnknownKeysWithTheNearestName) {
  const SettingReport report =
      load(map({{"parts", map({{"gaers", word("1", 2)}, {"riders", word("x", 3)}})}, {"zzzzzzzzzz", word("1", 4)}}));
  EXPECT_THAT(lines(report.errors), IsEmpty());
  EXPECT_THAT(lines(report.warnings),
              ElementsAre("b.yml:2: parts.gaers: unknown key, ignored (did you mean parts.gears?)",
                          "b.yml:3: parts.riders: unknown key, ignored (did you mean riders?)",
                          "b.yml:4: zzzzzzzzzz: unknown key, ignored"));
}

TEST_F(Settings, MoveOldSpellingsAndWarn) {
  SettingReport report = load(map({{"rider", word("ann", 2)}}));
  EXPECT_THAT(lines(report.warnings), ElementsAre("b.yml:2: rider: old spelling, read as riders"));
  EXPECT_THAT(bicycle_.riders, ElementsAre("ann"));
  report = load(map({{"rider", word("ann", 2)}, {"riders", list({word("bob", 3)}, 3)}}));
  EXPECT_THAT(lines(report.warnings), ElementsAre("b.yml:2: rider: old spelling, ignored because riders is set"));
  EXPECT_THAT(bicycle_.riders, ElementsAre("bob"));
}

TEST_F(Settings, NameWhatHasNoEffectOnceAndWhatIsNotBuiltKeyByKey) {
  SettingReport report =
      load(map({{"basket", map({{"size", word("x", 2)}, {"other", word("y", 3)}}, 2)},
                {"motor", map({{"diesel", map({{"power", word("5", 4)}}, 4)}, {"enabled", word("true", 5)}})}}));
  EXPECT_THAT(lines(report.no_ops), ElementsAre("b.yml:2: basket: accepted without effect: there is no basket"));
  EXPECT_THAT(lines(report.not_built),
              ElementsAre("b.yml:4: motor.diesel.power: not built yet", "b.yml:5: motor.enabled: not built yet"));
  report = load(map({{"motor", map({{"enabled", word("no", 5)}})}, {"basket", ConfigValue::null(at(1))}}));
  EXPECT_THAT(lines(report.not_built), IsEmpty());
  EXPECT_THAT(lines(report.no_ops), IsEmpty());
  report = load(map({{"motor", map({{"diesel", ConfigValue::null(at(7))}})}}));
  EXPECT_THAT(lines(report.not_built), ElementsAre("b.yml:7: motor.diesel: not built yet"));
}

TEST_F(Settings, NullLeavesTheDefault) {
  const SettingReport report = load(map({{"warranty", ConfigValue::null(at(1))}, {"parts", ConfigValue::null(at(2))}}));
  EXPECT_THAT(lines(report.errors), IsEmpty());
  EXPECT_EQ(bicycle_.warranty, 2h);
}

TEST_F(Settings, KnowTheirDefaultsAndHideSecrets) {
  EXPECT_EQ(find_setting(root_, "warranty")->default_text, "2h");
  EXPECT_EQ(find_setting(root_, "delivery")->default_text, "");
  EXPECT_EQ(find_setting(root_, "parts.wheels[].spokes")->default_text, "20");
  EXPECT_EQ(find_setting(root_, "parts.none"), nullptr);
  std::string password = "x";
  SettingNode root;
  SettingSection(root).value("password", text(password), "Secret.", {.is_secret = true});
  EXPECT_EQ(root.find("password")->show(), "(secret)");
}

TEST(ParseYamlInteger, ReadsYamlsSpellings) {
  EXPECT_EQ(parse_yaml_integer("10"), 10);
  EXPECT_EQ(parse_yaml_integer("-10"), -10);
  EXPECT_EQ(parse_yaml_integer("0x1F"), 31);
  EXPECT_EQ(parse_yaml_integer("0b101"), 5);
  EXPECT_EQ(parse_yaml_integer("0o17"), 15);
  EXPECT_EQ(parse_yaml_integer("017"), 15);
  EXPECT_EQ(parse_yaml_integer("1_000"), 1000);
  EXPECT_EQ(parse_yaml_integer("0"), 0);
  for (const char* text : {"", "-", "0x", "08", "1.5", "1e3", "ten", " 1", "9223372036854775808", "--1", "_"}) {
    EXPECT_EQ(parse_yaml_integer(text), std::nullopt) << text;
  }
}

TEST(EditDistance, CountsSingleLetterChanges) {
  EXPECT_EQ(edit_distance("", "abc", 9), 3U);
  EXPECT_EQ(edit_distance("abc", "abc", 9), 0U);
  EXPECT_EQ(edit_distance("acb", "abc", 9), 1U);
  EXPECT_EQ(edit_distance("draintimeot", "draintimeout", 9), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 9), 3U);
  EXPECT_EQ(edit_distance("xabcx", "yacby", 9), 3U);
}

TEST(EditDistance, StopsBeyondTheLimit) {
  EXPECT_EQ(edit_distance("kitten", "sitting", 3), 3U);
  EXPECT_EQ(edit_distance("kitten", "sitting", 2), 3U);
  EXPECT_EQ(edit_distance("abcdef", "uvwxyz", 2), 3U);
  EXPECT_EQ(edit_distance("a", "abcdefgh", 2), 3U);
  EXPECT_EQ(edit_distance("abdcfe", "badcef", 2), 2U);
}

}  // namespace
}  // namespace berth
