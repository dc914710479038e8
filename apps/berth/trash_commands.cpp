// berth undo, trash and tag: what was changed, and taking it back.
#include <fmt/format.h>

#include "api/json_text.h"
#include "apps/berth/command_family.h"
#include "base/failure.h"
#include "base/rfc3339.h"

namespace berth {
namespace {

constexpr const char* kTrashExamples = R"(
Deleted manifests rest for trash.keep (168h) and keep their blobs.

Examples:
  berth trash list                              what can be brought back
  berth trash list team/app
  berth undo team/app@sha256:...                brings one back, with its tags
  berth trash empty                             forgets them all, and removes what only they kept
)";

constexpr const char* kTagExamples = R"(
Examples:
  berth tag history team/app:v1                 every change, the newest first
  berth tag history team/app:v1 --at 2026-11-27T12:00:00Z
  berth undo team/app:v1                        takes back the last one
)";

struct Target {
  std::string repository;
  std::string tag;  ///< one of the two
  std::string digest;
};

/// NAME:TAG or NAME@DIGEST; NAME alone is a whole repository.
Target read_target(const std::string& text) {
  if (const std::size_t at = text.find('@'); at != std::string::npos) {
    return {.repository = text.substr(0, at), .tag = {}, .digest = text.substr(at + 1)};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.find('/', colon) != std::string::npos) return {text, {}, {}};
  return {.repository = text.substr(0, colon), .tag = text.substr(colon + 1), .digest = {}};
}

struct TrashValues {
  std::string repository;
};

void describe_trash_list(CLI::App& command, TrashValues& values) {
  command.add_option("NAME", values.repository, "only of this repository");
}
void describe_nothing(CLI::App& /*command*/, TrashValues& /*values*/) {}

void list_trash(AdminClient& client, const TrashValues& values) {
  boost::json::array all;
  std::string last;
  for (;;) {
    std::string target = "/trash?n=1000";
    if (!values.repository.empty()) target += "&repository=" + percent_encoded(values.repository);
    if (!last.empty()) target += "&last=" + last;
    const boost::json::object page = client.ask("GET", target);
    const boost::json::array& entries = page.at("trash").as_array();
    for (const boost::json::value& entry : entries) all.push_back(entry);
    if (entries.size() < 1000) break;
    last = text_of(entries.back().as_object(), "number");
  }
  if (client.form() == OutputForm::json) return print_json(all);
  print_table(all, {{"DELETED", "deleted"},
                    {"BY", "deleted_by"},
                    {"REPOSITORY", "repository"},
                    {"DIGEST", "digest"},
                    {"TAGS", "tags"}});
}

struct UndoValues {
  std::string target;
};

void describe_undo(CLI::App& command, UndoValues& values) {
  command.add_option("TARGET", values.target, "NAME:TAG, or what was deleted: NAME@DIGEST, or a repository's NAME")
      ->required();
}

void undo(AdminClient& client, const UndoValues& values) {
  const Target target = read_target(values.target);
  boost::json::object request{{"repository", target.repository}};
  if (!target.digest.empty()) request["digest"] = target.digest;
  if (!target.tag.empty()) request["tag"] = target.tag;
  const boost::json::object undone = client.ask("POST", "/undo", request);
  if (client.form() == OutputForm::json) return print_json(undone);
  if (target.digest.empty() && target.tag.empty()) {
    fmt::print("{} is back: {} manifests, {} tags\n", target.repository, number_of(undone, "manifests"),
               number_of(undone, "tags"));
    const std::uint64_t taken = number_of(undone, "taken");
    if (taken > 0) fmt::print("{} tags name something else now and were left alone\n", taken);
    return;
  }
  if (!target.tag.empty()) {
    const std::string names = text_of(undone, "names");
    fmt::print("{}:{} {}\n", target.repository, target.tag,
               names == "-" ? "is gone again" : "names " + names + " again");
  }
  for (const boost::json::value& digest : undone.at("restored").as_array()) {
    fmt::print("{}@{} is back\n", target.repository, std::string_view(digest.as_string()));
  }
  for (const boost::json::value& tag : undone.at("tags").as_array()) {
    fmt::print("{}:{} is back\n", target.repository, std::string_view(tag.as_string()));
  }
  for (const boost::json::value& tag : undone.at("taken").as_array()) {
    fmt::print("{}:{} names something else now and was left alone\n", target.repository,
               std::string_view(tag.as_string()));
  }
}

struct HistoryValues {
  std::string target;
  std::string at;
  std::size_t count = 100;
};

void describe_history(CLI::App& command, HistoryValues& values) {
  command.add_option("NAME:TAG", values.target, "a tag")->required();
  command.add_option("--at", values.at, "which digest it named at that time (RFC 3339)");
  command.add_option("-n", values.count, "changes at most")->check(CLI::Range(1, 1000));
}

/// The digest that the tag named at a time; empty: none.
std::string digest_at(const boost::json::array& changes, const std::string& at) {
  const std::optional<WallTime> when = parse_rfc3339(at);
  if (!when) throw Failure(FailureKind::internal, fmt::format("\"{}\" is not a time like 2026-11-27T12:00:00Z", at));
  for (const boost::json::value& change : changes) {
    const std::optional<WallTime> changed = parse_rfc3339(text_of(change.as_object(), "at"));
    if (changed && *changed <= *when) return text_of(change.as_object(), "to");
  }
  return "-";
}

void show_history(AdminClient& client, const HistoryValues& values) {
  const Target target = read_target(values.target);
  if (target.tag.empty()) throw Failure(FailureKind::internal, fmt::format("\"{}\" is not NAME:TAG", values.target));
  const std::size_t count = values.at.empty() ? values.count : 1000;
  const boost::json::object answer =
      client.ask("GET", fmt::format("/tag-history?repository={}&tag={}&n={}", percent_encoded(target.repository),
                                    percent_encoded(target.tag), count));
  const boost::json::array& changes = answer.at("changes").as_array();
  if (!values.at.empty()) {
    const std::string digest = digest_at(changes, values.at);
    if (client.form() == OutputForm::json) {
      return print_json({{"digest", digest == "-" ? boost::json::value(nullptr) : boost::json::value(digest)}});
    }
    fmt::print("{}\n", digest == "-" ? "there was no such tag then" : digest);
    return;
  }
  if (client.form() == OutputForm::json) return print_json(changes);
  print_table(changes, {{"AT", "at"}, {"BY", "by"}, {"FROM", "from"}, {"TO", "to"}});
}

void empty_trash(AdminClient& client, const TrashValues& /*values*/) {
  const int code = run_garbage_collect(
      {.config_file = client.config_file(), .empties_trash = true, .is_quiet = false, .form = client.form()});
  if (code != 0) throw Failure(FailureKind::internal, "the trash could not be emptied");
}

}  // namespace

void add_trash_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily trash(app, chosen, "trash", "deleted manifests that can be brought back", kTrashExamples);
  trash.add<TrashValues>("list", "list what rests there, the oldest first", describe_trash_list, list_trash);
  trash.add<TrashValues>("empty", "forget them all, and collect what only they kept", describe_nothing, empty_trash);
  CommandFamily tag(app, chosen, "tag", "what tags named", kTagExamples);
  tag.add<HistoryValues>("history", "every change of a tag", describe_history, show_history);
  add_command<UndoValues>(app, chosen, "undo", "take back the last change of a tag, or bring back what was deleted",
                          describe_undo, undo);
}

}  // namespace berth
