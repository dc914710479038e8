// berth pin: manifests that must stay.
#include <fmt/format.h>

#include "api/json_text.h"
#include "apps/berth/command_family.h"
#include "base/failure.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
A pinned manifest stays with all that it needs, tagged or not, whatever retention and the collector would do. Who deletes
it by its digest deletes the pin, too.

Examples:
  berth pin add team/app@sha256:... --why "runs in production"
  berth pin add team/app:v1                     what v1 names now, also when the tag moves on
  berth pin list
  berth pin remove team/app@sha256:...
)";

/// NAME@DIGEST, or NAME:TAG.
struct Target {
  std::string repository;
  std::string reference;
};

Target read_target(const std::string& text) {
  if (const std::size_t at = text.find('@'); at != std::string::npos) return {text.substr(0, at), text.substr(at + 1)};
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos || text.find('/', colon) != std::string::npos) {
    throw Failure(FailureKind::internal, fmt::format("\"{}\" is neither NAME@DIGEST nor NAME:TAG", text));
  }
  return {text.substr(0, colon), text.substr(colon + 1)};
}

struct PinValues {
  std::string target;
  std::string why;
};

void describe_add(CLI::App& command, PinValues& values) {
  command.add_option("TARGET", values.target, "NAME@DIGEST, or NAME:TAG for what it names now")->required();
  command.add_option("--why", values.why, "for whoever reads the list");
}
void describe_remove(CLI::App& command, PinValues& values) {
  command.add_option("TARGET", values.target, "NAME@DIGEST")->required();
}
void describe_nothing(CLI::App& /*command*/, PinValues& /*values*/) {}

void add_pin(AdminClient& client, const PinValues& values) {
  const Target target = read_target(values.target);
  boost::json::object request{{"repository", target.repository}, {"reference", target.reference}};
  if (!values.why.empty()) request["why"] = values.why;
  const boost::json::object pin = client.ask("POST", "/pins", request);
  if (client.form() == OutputForm::json) return print_json(pin);
  fmt::print("{}@{} is pinned\n", text_of(pin, "repository"), text_of(pin, "digest"));
}

void remove_pin(AdminClient& client, const PinValues& values) {
  const Target target = read_target(values.target);
  client.ask("DELETE",
             "/pins?repository=" + percent_encoded(target.repository) + "&digest=" + percent_encoded(target.reference));
  if (client.form() == OutputForm::json) {
    return print_json(boost::json::object{{"repository", target.repository}, {"digest", target.reference}});
  }
  fmt::print("{}@{} is not pinned any more\n", target.repository, target.reference);
}

void list_pins(AdminClient& client, const PinValues& /*values*/) {
  boost::json::array all;
  for (std::string next;;) {
    const boost::json::object page = client.ask("GET", "/pins?n=1000&last=" + percent_encoded(next));
    for (const boost::json::value& pin : page.at("pins").as_array()) all.push_back(pin);
    next = std::string(page.at("next").as_string());
    if (next.empty()) break;
  }
  if (client.form() == OutputForm::json) return print_json(all);
  print_table(all,
              {{"SINCE", "since"}, {"BY", "by"}, {"REPOSITORY", "repository"}, {"DIGEST", "digest"}, {"WHY", "why"}});
}

}  // namespace

void add_pin_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily pin(app, chosen, "pin", "manifests that must stay", kExamples);
  pin.add<PinValues>("add", "keep a manifest from retention and the collector", describe_add, add_pin);
  pin.add<PinValues>("remove", "let it go the way of all others", describe_remove, remove_pin);
  pin.add<PinValues>("list", "list what is pinned", describe_nothing, list_pins);
}

}  // namespace berth
