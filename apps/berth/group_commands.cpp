// berth group
#include <fmt/format.h>

#include "apps/berth/command_family.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
Rules grant to groups: `berth access add allow pull,push to group:dev on 'team/**'`.

Examples:
  berth group add dev --note "who builds the app"
  berth group add-member dev alice bob
  berth group list
  berth group list dev                          its members
)";

struct GroupValues {
  std::string group;
  std::string note;
  std::vector<std::string> users;
};

void describe_group(CLI::App& command, GroupValues& values) {
  command.add_option("GROUP", values.group, "letters, digits and ._@+-")->required();
}

void describe_new_group(CLI::App& command, GroupValues& values) {
  describe_group(command, values);
  command.add_option("--note", values.note, "a line about it");
}

void describe_members(CLI::App& command, GroupValues& values) {
  describe_group(command, values);
  command.add_option("USER", values.users, "one or more users")->required();
}

void describe_list(CLI::App& command, GroupValues& values) {
  command.add_option("GROUP", values.group, "list its members instead");
}

std::string member_path(const std::string& group, const std::string& user) {
  return "/groups/" + segment(group) + "/members/" + segment(user);
}

void add_group(AdminClient& client, const GroupValues& values) {
  const boost::json::object group = client.ask("POST", "/groups", {{"name", values.group}, {"note", values.note}});
  if (client.form() == OutputForm::json) return print_json(group);
  fmt::print("group {} added\n", values.group);
}

void remove_group(AdminClient& client, const GroupValues& values) {
  client.ask("DELETE", "/groups/" + segment(values.group));
  if (client.form() == OutputForm::json) return print_json({{"name", values.group}, {"removed", true}});
  fmt::print("group {} removed\n", values.group);
}

void change_members(AdminClient& client, const GroupValues& values, const std::string& method, std::string_view what) {
  for (const std::string& user : values.users) {
    client.ask(method, member_path(values.group, user));
    if (client.form() == OutputForm::people) fmt::print("{} {} the group {}\n", user, what, values.group);
  }
  if (client.form() != OutputForm::json) return;
  print_json({{"group", values.group},
              {"members", client.list("/groups/" + segment(values.group) + "/members", "members", "")}});
}

void add_members(AdminClient& client, const GroupValues& values) {
  change_members(client, values, "PUT", "is in");
}

void remove_members(AdminClient& client, const GroupValues& values) {
  change_members(client, values, "DELETE", "is no longer in");
}

void list_groups(AdminClient& client, const GroupValues& values) {
  if (values.group.empty()) {
    const boost::json::array groups = client.list("/groups", "groups", "name");
    if (client.form() == OutputForm::json) return print_json(groups);
    return print_table(groups, {{"NAME", "name"}, {"CREATED", "created"}, {"NOTE", "note"}});
  }
  const boost::json::array members = client.list("/groups/" + segment(values.group) + "/members", "members", "");
  if (client.form() == OutputForm::json) return print_json(members);
  for (const boost::json::value& member : members) fmt::print("{}\n", std::string_view(member.as_string()));
}

}  // namespace

void add_group_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily family(app, chosen, "group", "groups of users", kExamples);
  family.add<GroupValues>("add", "add a group", describe_new_group, add_group);
  family.add<GroupValues>("remove", "remove a group; its users stay", describe_group, remove_group);
  family.add<GroupValues>("add-member", "put users into a group", describe_members, add_members);
  family.add<GroupValues>("remove-member", "take users out of a group", describe_members, remove_members);
  family.add<GroupValues>("list", "list groups, or the members of one", describe_list, list_groups);
}

}  // namespace berth
