// berth token
#include <fmt/format.h>

#include "apps/berth/command_family.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
A personal access token stands in for a user's password, with all of the user's rights or some of them. Users can make and revoke
their own over HTTP, too (POST /api/v1/users/NAME/tokens). It is shown once and begins with berth_pat_.

Examples:
  berth token create alice --note laptop --expires 30d
  berth token create alice --can 'pull:**'
  berth token list alice
  berth token revoke alice 7hQ2vLx0aB3c
)";

struct TokenValues {
  std::string user;
  std::string id;
  std::vector<std::string> can;
  std::string expires;
  std::string note;
};

void describe_user(CLI::App& command, TokenValues& values) {
  command.add_option("USER", values.user, "whose it is")->required();
}

void describe_new(CLI::App& command, TokenValues& values) {
  describe_user(command, values);
  command
      .add_option("--can", values.can,
                  "what it is good for at most, like pull:team/**; unset: all that the user may do")
      ->expected(1);
  values.expires = "90d";
  command.add_option("--expires", values.expires, "90d, 2w, 36h, never, or a time like 2027-03-01T00:00:00Z")
      ->capture_default_str();
  command.add_option("--note", values.note, "a line about it");
}

void describe_id(CLI::App& command, TokenValues& values) {
  describe_user(command, values);
  command.add_option("ID", values.id, "as `berth token list` shows it")->required();
}

std::string tokens_of(const std::string& user) {
  return "/users/" + segment(user) + "/tokens";
}

void create_token(AdminClient& client, const TokenValues& values) {
  boost::json::array can;
  for (const std::string& right : values.can) can.emplace_back(right);
  const boost::json::object token = client.ask(
      "POST", tokens_of(values.user), {{"can", std::move(can)}, {"expires", values.expires}, {"note", values.note}});
  if (client.form() == OutputForm::json) return print_json(token);
  fmt::print("id       {}\nsecret   {}\nexpires  {}\n", text_of(token, "id"), text_of(token, "secret"),
             text_of(token, "expires"));
  fmt::print(stderr, "The secret is shown this once.\n");
}

void list_tokens(AdminClient& client, const TokenValues& values) {
  const boost::json::array tokens = client.list(tokens_of(values.user), "tokens", "id");
  if (client.form() == OutputForm::json) return print_json(tokens);
  print_table(tokens,
              {{"ID", "id"}, {"CAN", "can"}, {"EXPIRES", "expires"}, {"LAST USED", "last_used"}, {"NOTE", "note"}});
}

void revoke_token(AdminClient& client, const TokenValues& values) {
  client.ask("DELETE", tokens_of(values.user) + "/" + segment(values.id));
  if (client.form() == OutputForm::json) return print_json({{"id", values.id}, {"revoked", true}});
  fmt::print("access token {} of {} revoked\n", values.id, values.user);
}

}  // namespace

void add_token_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily family(app, chosen, "token", "personal access tokens of users", kExamples);
  family.add<TokenValues>("create", "make an access token and show it", describe_new, create_token);
  family.add<TokenValues>("list", "list a user's access tokens", describe_user, list_tokens);
  family.add<TokenValues>("revoke", "let an access token open nothing any more", describe_id, revoke_token);
}

}  // namespace berth
