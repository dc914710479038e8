// berth robot
#include <fmt/format.h>

#include "apps/berth/command_family.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
A robot has a secret instead of a password, rights of its own, and an end. The secret is shown once; what is stored is its hash.
It begins with berth_robot_, so that secret scanners can find it where it should not be.

Examples:
  berth robot create ci --can 'pull,push:team/app/**' --expires 90d
  docker login -u 'robot$ci' --password-stdin registry.example.com
  berth robot rotate ci                         a new secret, the old one ends now
  berth robot list
)";

struct RobotValues {
  std::string name;
  std::vector<std::string> can;
  std::string expires;
  std::string note;
};

constexpr const char* kExpiryHelp = "90d, 2w, 36h, never, or a time like 2027-03-01T00:00:00Z";

void describe_name(CLI::App& command, RobotValues& values) {
  command.add_option("NAME", values.name, "letters, digits and ._@+-")->required();
}

void describe_new(CLI::App& command, RobotValues& values) {
  describe_name(command, values);
  command
      .add_option("--can", values.can,
                  "ACTIONS:REPOSITORIES, like pull:team/app/** or pull,push,delete:team/*; also catalog, admin; may be "
                  "repeated")
      ->required()
      ->expected(1);
  values.expires = "90d";
  command.add_option("--expires", values.expires, kExpiryHelp)->capture_default_str();
  command.add_option("--note", values.note, "a line about it");
}

void describe_rotation(CLI::App& command, RobotValues& values) {
  describe_name(command, values);
  command.add_option("--expires", values.expires, std::string(kExpiryHelp) + "; unset: as it was");
}

void describe_nothing(CLI::App&, RobotValues&) {}

void show_secret(const AdminClient& client, const boost::json::object& robot) {
  if (client.form() == OutputForm::json) return print_json(robot);
  fmt::print("login    {}\nsecret   {}\nexpires  {}\n", text_of(robot, "login"), text_of(robot, "secret"),
             text_of(robot, "expires"));
  fmt::print(stderr, "The secret is shown this once.\n");
}

void create_robot(AdminClient& client, const RobotValues& values) {
  boost::json::array can;
  for (const std::string& right : values.can) can.emplace_back(right);
  show_secret(
      client,
      client.ask("POST", "/robots",
                 {{"name", values.name}, {"can", std::move(can)}, {"expires", values.expires}, {"note", values.note}}));
}

void rotate_robot(AdminClient& client, const RobotValues& values) {
  boost::json::object body;
  if (!values.expires.empty()) body["expires"] = values.expires;
  show_secret(client, client.ask("POST", "/robots/" + segment(values.name) + "/rotate", body));
}

void revoke_robot(AdminClient& client, const RobotValues& values) {
  client.ask("DELETE", "/robots/" + segment(values.name));
  if (client.form() == OutputForm::json) return print_json({{"name", values.name}, {"revoked", true}});
  fmt::print("robot {} revoked\n", values.name);
}

void list_robots(AdminClient& client, const RobotValues&) {
  const boost::json::array robots = client.list("/robots", "robots", "name");
  if (client.form() == OutputForm::json) return print_json(robots);
  print_table(robots, {{"NAME", "name"},
                       {"CAN", "can"},
                       {"EXPIRES", "expires"},
                       {"LAST USED", "last_used"},
                       {"CREATED BY", "created_by"},
                       {"NOTE", "note"}});
}

}  // namespace

void add_robot_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily family(app, chosen, "robot", "callers that are no people: builds, deployments, mirrors", kExamples);
  family.add<RobotValues>("create", "make a robot and show its secret", describe_new, create_robot);
  family.add<RobotValues>("list", "list robots", describe_nothing, list_robots);
  family.add<RobotValues>("rotate", "give a robot a new secret", describe_rotation, rotate_robot);
  family.add<RobotValues>("revoke", "remove a robot", describe_name, revoke_robot);
}

}  // namespace berth
