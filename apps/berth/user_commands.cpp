// berth user
#include <fmt/format.h>
#include <unistd.h>

#include "apps/berth/command_family.h"
#include "apps/berth/secret_input.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
Users live in the registry's own database, beside those of an htpasswd file. A running Berth carries the command out and holds
to it at once; with none running the command does it itself.

Examples:
  berth user add alice                          asks for the password
  pass show registry | berth user add alice --password-stdin
  berth user add ci-human --no-password         has access tokens alone (berth token create)
  grep ^bob: htpasswd | cut -d: -f2 | berth user add bob --hash-stdin
  berth user disable alice                      and nothing of hers opens any more, from now on
  berth user list --json
)";

struct Secret {
  bool is_from_input = false;
  bool is_hash_from_input = false;
  bool is_none = false;
};

struct UserValues {
  std::string name;
  Secret secret;
};

void describe_name(CLI::App& command, UserValues& values) {
  command.add_option("NAME", values.name, "letters, digits and ._@+-")->required();
}

void describe_secret(CLI::App& command, UserValues& values) {
  describe_name(command, values);
  CLI::Option* input =
      command.add_flag("--password-stdin", values.secret.is_from_input, "read the password from standard input");
  CLI::Option* hash = command.add_flag("--hash-stdin", values.secret.is_hash_from_input,
                                       "read a hash from standard input: yescrypt, bcrypt or argon2id");
  CLI::Option* none =
      command.add_flag("--no-password", values.secret.is_none, "no password opens it, only access tokens");
  input->excludes(hash)->excludes(none);
  hash->excludes(none);
}

void describe_nothing(CLI::App&, UserValues&) {}

void add_secret(const Secret& secret, boost::json::object& body) {
  if (secret.is_none) return;
  if (secret.is_hash_from_input) {
    body["password_hash"] = read_secret(SecretSource::input, "hash");
    return;
  }
  body["password"] = read_secret(secret.is_from_input ? SecretSource::input : SecretSource::terminal, "password");
}

void show_done(const AdminClient& client, const boost::json::object& user, const std::string& what) {
  if (client.form() == OutputForm::json) return print_json(user);
  fmt::print("user {} {}\n", text_of(user, "name"), what);
}

void add_user(AdminClient& client, const UserValues& values) {
  boost::json::object body{{"name", values.name}};
  add_secret(values.secret, body);
  show_done(client, client.ask("POST", "/users", body), "added");
}

void set_password(AdminClient& client, const UserValues& values) {
  boost::json::object body;
  add_secret(values.secret, body);
  if (values.secret.is_none) body["no_password"] = true;
  show_done(client, client.ask("PATCH", "/users/" + segment(values.name), body),
            values.secret.is_none ? "has no password any more" : "has a new password");
}

void disable_user(AdminClient& client, const UserValues& values) {
  show_done(client, client.ask("PATCH", "/users/" + segment(values.name), {{"disabled", true}}), "disabled");
}

void enable_user(AdminClient& client, const UserValues& values) {
  show_done(client, client.ask("PATCH", "/users/" + segment(values.name), {{"disabled", false}}), "enabled");
}

void remove_user(AdminClient& client, const UserValues& values) {
  client.ask("DELETE", "/users/" + segment(values.name));
  show_done(client, {{"name", values.name}, {"removed", true}}, "removed, with access tokens and memberships");
}

void list_users(AdminClient& client, const UserValues&) {
  const boost::json::array users = client.list("/users", "users", "name");
  if (client.form() == OutputForm::json) return print_json(users);
  print_table(users, {{"NAME", "name"},
                      {"DISABLED", "disabled"},
                      {"PASSWORD", "has_password"},
                      {"CREATED", "created"},
                      {"LAST LOGIN", "last_login"}});
}

}  // namespace

void add_user_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily family(app, chosen, "user", "users who log in with a password", kExamples);
  family.add<UserValues>("add", "add a user", describe_secret, add_user);
  family.add<UserValues>("passwd", "set a user's password", describe_secret, set_password);
  family.add<UserValues>("disable", "let a user do nothing any more", describe_name, disable_user);
  family.add<UserValues>("enable", "take that back", describe_name, enable_user);
  family.add<UserValues>("remove", "remove a user", describe_name, remove_user);
  family.add<UserValues>("list", "list users", describe_nothing, list_users);
}

}  // namespace berth
