// berth access
#include <fmt/format.h>

#include "apps/berth/command_family.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
A rule reads: allow|deny ACTIONS to WHOM [on REPOSITORIES] [tags TAGS]. Actions are pull, push, delete, catalog and admin; whom is
user:NAME, group:NAME, robot:NAME, authenticated or anonymous; patterns have * within a segment and ** across. Lists have commas.
A deny beats every allow. These rules stand behind those of the configuration's `access` section.

Examples:
  berth access add allow pull to anonymous on 'public/**'
  berth access add allow pull,push to group:dev on 'team/**'
  berth access add deny push,delete to authenticated on 'team/**' tags 'v*' --note "releases stay"
  berth access list
  berth access explain alice push team/app:v1
  berth access explain anonymous pull public/base
)";

struct RuleValues {
  std::vector<std::string> words;
  std::size_t position = 0;
  std::string note;
  std::string id;
};

struct QuestionValues {
  std::string who;
  std::string action;
  std::string object;
};

void describe_new(CLI::App& command, RuleValues& values) {
  command.add_option("RULE", values.words, "the rule, as words or as one argument")->required();
  command.add_option("--at", values.position, "its position among the stored rules; unset: the last");
  command.add_option("--note", values.note, "a line about it");
}

void describe_id(CLI::App& command, RuleValues& values) {
  command.add_option("ID", values.id, "as `berth access list` shows it")->required();
}

void describe_nothing(CLI::App&, RuleValues&) {}

void describe_question(CLI::App& command, QuestionValues& values) {
  command.add_option("WHO", values.who, "alice, robot:ci, anonymous")->required();
  command.add_option("ACTION", values.action, "pull, push, delete, catalog, admin")->required();
  command.add_option("NAME[:TAG]", values.object, "the repository; none for catalog and admin");
}

void add_rule(AdminClient& client, const RuleValues& values) {
  std::string text;
  for (const std::string& word : values.words) text += (text.empty() ? "" : " ") + word;
  const boost::json::object rule =
      client.ask("POST", "/rules", {{"rule", text}, {"position", values.position}, {"note", values.note}});
  if (client.form() == OutputForm::json) return print_json(rule);
  fmt::print("rule {} added: {}\n", text_of(rule, "id"), text_of(rule, "rule"));
}

void remove_rule(AdminClient& client, const RuleValues& values) {
  client.ask("DELETE", "/rules/" + segment(values.id));
  if (client.form() == OutputForm::json) return print_json({{"id", values.id}, {"removed", true}});
  fmt::print("rule {} removed\n", values.id);
}

void list_rules(AdminClient& client, const RuleValues&) {
  boost::json::array configured = client.ask("GET", "/rules?n=1").at("configured").as_array();
  boost::json::array stored = client.list("/rules", "rules", "position");
  if (client.form() == OutputForm::json) return print_json({{"configured", configured}, {"rules", stored}});
  boost::json::array all;
  for (boost::json::value& rule : configured) {
    boost::json::object& line = rule.as_object();
    line["id"] = line.at("origin");
    all.push_back(std::move(rule));
  }
  for (boost::json::value& rule : stored) all.push_back(std::move(rule));
  print_table(all, {{"ID", "id"}, {"AT", "position"}, {"RULE", "rule"}, {"NOTE", "note"}});
}

void explain(AdminClient& client, const QuestionValues& values) {
  const std::size_t colon = values.object.rfind(':');
  std::string target = "/explain?who=" + segment(values.who) + "&action=" + segment(values.action) +
                       "&repository=" + segment(values.object.substr(0, colon));
  if (colon != std::string::npos) target += "&tag=" + segment(values.object.substr(colon + 1));
  const boost::json::object answer = client.ask("GET", target);
  if (client.form() == OutputForm::json) return print_json(answer);
  fmt::print("{}\n", text_of(answer, "reason"));
  if (!answer.at("known").as_bool() && values.who != "anonymous") {
    fmt::print(stderr, "(no user or robot of this name is stored; the rules were asked about the name alone)\n");
  }
}

}  // namespace

void add_access_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily family(app, chosen, "access", "rules: who may do what", kExamples);
  family.add<RuleValues>("add", "add a rule", describe_new, add_rule);
  family.add<RuleValues>("list", "list rules, those of the configuration first", describe_nothing, list_rules);
  family.add<RuleValues>("remove", "remove a stored rule", describe_id, remove_rule);
  family.add<QuestionValues>("explain", "say which rule decides", describe_question, explain);
}

}  // namespace berth
