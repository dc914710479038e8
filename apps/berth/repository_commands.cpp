// berth repository and read-only: what is done to a repository, and to the registry, as a whole.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <thread>

#include "api/json_text.h"
#include "apps/berth/command_family.h"
#include "base/duration.h"
#include "base/failure.h"

namespace berth {
namespace {

constexpr const char* kRepositoryExamples = R"(
Examples:
  berth repository delete team/old              with all it has; it rests in the trash
  berth undo team/old                           brings it back
  berth repository rename team/app prod/app     team/app stands for prod/app for a while (aliases.keep)
  berth repository rename team/app prod/app --alias 24h
  berth repository aliases                      old names that still stand for something
  berth repository unalias team/app
)";

constexpr const char* kReadOnlyExamples = R"(
While it is on, pushes and deletes are refused (405) and nothing is removed; pulls go on. It outlasts a restart.

Examples:
  berth read-only on                            and waits for the writes that are under way
  berth read-only status
  berth read-only off
)";

struct RepositoryValues {
  std::string name;
};

void describe_repository(CLI::App& command, RepositoryValues& values) {
  command.add_option("NAME", values.name, "a repository")->required();
}
void describe_alias(CLI::App& command, RepositoryValues& values) {
  command.add_option("NAME", values.name, "an old name")->required();
}
void describe_nothing(CLI::App& /*command*/, RepositoryValues& /*values*/) {}

void delete_repository(AdminClient& client, const RepositoryValues& values) {
  const boost::json::object gone = client.ask("DELETE", "/repositories?repository=" + percent_encoded(values.name));
  if (client.form() == OutputForm::json) return print_json(gone);
  fmt::print("{} is gone: {} manifests, {} tags\n", values.name, number_of(gone, "manifests"), number_of(gone, "tags"));
  if (gone.at("in_trash").as_bool()) fmt::print("berth undo {} brings it back while the trash keeps it\n", values.name);
}

struct RenameValues {
  std::string from;
  std::string to;
  std::string alias;
};

void describe_rename(CLI::App& command, RenameValues& values) {
  command.add_option("FROM", values.from, "its name now")->required();
  command.add_option("TO", values.to, "its name from now on")->required();
  command.add_option("--alias", values.alias, "how long FROM stands for TO (24h; 0s: not at all); unset: aliases.keep");
}

void rename(AdminClient& client, const RenameValues& values) {
  boost::json::object request{{"from", values.from}, {"to", values.to}};
  if (!values.alias.empty()) {
    const std::optional<std::chrono::nanoseconds> alias = parse_duration(values.alias);
    if (!alias || alias->count() < 0) {
      throw Failure(FailureKind::internal, fmt::format("\"{}\" is not a duration (like 24h)", values.alias));
    }
    request["alias_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(*alias).count();
  }
  const boost::json::object renamed = client.ask("POST", "/renames", request);
  if (client.form() == OutputForm::json) return print_json(renamed);
  const std::uint64_t seconds = number_of(renamed, "alias_seconds");
  fmt::print("{} is {} now\n", values.from, values.to);
  if (seconds > 0) {
    fmt::print("{} stands for it for {}\n", values.from, format_duration(std::chrono::seconds(seconds)));
  }
}

void list_aliases(AdminClient& client, const RepositoryValues& /*values*/) {
  const boost::json::array aliases = client.list("/aliases", "aliases", "alias");
  if (client.form() == OutputForm::json) return print_json(aliases);
  print_table(aliases, {{"ALIAS", "alias"}, {"REPOSITORY", "repository"}, {"UNTIL", "until"}});
}

void remove_alias(AdminClient& client, const RepositoryValues& values) {
  client.ask("DELETE", "/aliases?alias=" + percent_encoded(values.name));
  if (client.form() == OutputForm::json) return print_json(boost::json::object{{"alias", values.name}});
  fmt::print("{} stands for nothing any more\n", values.name);
}

struct SwitchValues {
  std::chrono::seconds wait{30};
};

void describe_status(CLI::App& /*command*/, SwitchValues& /*values*/) {}
void describe_off(CLI::App& /*command*/, SwitchValues& /*values*/) {}
void describe_on(CLI::App& command, SwitchValues& values) {
  command
      .add_option_function<std::string>(
          "--wait",
          [&values](const std::string& text) {
            const std::optional<std::chrono::nanoseconds> wait = parse_duration(text);
            if (!wait || wait->count() < 0) throw CLI::ValidationError("--wait", "is not a duration (like 30s)");
            values.wait = std::chrono::duration_cast<std::chrono::seconds>(*wait);
          },
          "how long to wait for writes that are under way (30s)")
      ->type_name("DURATION");
}

void print_state(AdminClient& client, const boost::json::object& state) {
  if (client.form() == OutputForm::json) return print_json(state);
  const bool is_on = state.at("read_only").as_bool();
  fmt::print("{}{}\n", is_on ? "read-only" : "writable",
             state.at("configured").as_bool() ? ", by storage.maintenance.readonly.enabled" : "");
  const std::uint64_t writes = number_of(state, "writes_under_way");
  if (is_on && writes > 0) fmt::print("{} writes that began before are under way\n", writes);
}

void show_state(AdminClient& client, const SwitchValues& /*values*/) {
  print_state(client, client.ask("GET", "/read-only"));
}

void switch_off(AdminClient& client, const SwitchValues& /*values*/) {
  print_state(client, client.ask("PATCH", "/read-only", {{"read_only", false}}));
}

void switch_on(AdminClient& client, const SwitchValues& values) {
  constexpr std::chrono::milliseconds kStep{100};
  boost::json::object state = client.ask("PATCH", "/read-only", {{"read_only", true}});
  const auto deadline = std::chrono::steady_clock::now() + values.wait;
  while (number_of(state, "writes_under_way") > 0 && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(kStep);
    state = client.ask("GET", "/read-only");
  }
  print_state(client, state);
  if (number_of(state, "writes_under_way") > 0) {
    throw Failure(FailureKind::internal, "it is read-only, but not all writes that began before have ended");
  }
}

}  // namespace

void add_repository_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily repository(app, chosen, "repository", "delete, rename", kRepositoryExamples);
  repository.add<RepositoryValues>("delete", "delete a repository with all it has", describe_repository,
                                   delete_repository);
  repository.add<RenameValues>("rename", "give a repository another name", describe_rename, rename);
  repository.add<RepositoryValues>("aliases", "list old names that still stand for something", describe_nothing,
                                   list_aliases);
  repository.add<RepositoryValues>("unalias", "let an old name stand for nothing", describe_alias, remove_alias);
  CommandFamily read_only(app, chosen, "read-only", "refuse changes, for a while", kReadOnlyExamples);
  read_only.add<SwitchValues>("on", "refuse pushes and deletes; nothing is removed", describe_on, switch_on);
  read_only.add<SwitchValues>("off", "take them again", describe_off, switch_off);
  read_only.add<SwitchValues>("status", "say which it is", describe_status, show_state);
}

}  // namespace berth
