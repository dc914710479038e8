// berth usage: what repositories and quotas hold.
#include <fmt/format.h>

#include "api/json_text.h"
#include "apps/berth/command_family.h"

namespace berth {
namespace {

constexpr const char* kUsageExamples = R"(
BYTES      manifests, and the blobs that they name
PENDING    blobs that were pushed and that no manifest names
UNIQUE     blobs that no other repository has
SHARED     blobs that others have, too
TRASH      blobs that nothing but the trash keeps
RECLAIMABLE  blobs that a garbage collection would free now

Examples:
  berth usage                     all repositories and quotas
  berth usage 'team/**'           those below team
  berth usage team/app --json
)";

struct UsageValues {
  std::string pattern;
};

void describe_usage(CLI::App& command, UsageValues& values) {
  command.add_option("PATTERN", values.pattern, "only repositories that match: `*` within a segment, `**` across them");
  command.footer(kUsageExamples);
}

/// The entries with bytes as people read them.
boost::json::array readable(const boost::json::array& entries) {
  boost::json::array shown;
  for (const boost::json::value& entry : entries) {
    boost::json::object row = entry.as_object();
    for (auto& [name, value] : row) {
      if (std::string_view(name).ends_with("bytes")) value = human(value.to_number<std::uint64_t>());
    }
    shown.push_back(std::move(row));
  }
  return shown;
}

/// One line for each limit: "12.0 MiB" of "10.0 GiB".
boost::json::array limits_of(const boost::json::array& quotas) {
  boost::json::array rows;
  for (const boost::json::value& entry : quotas) {
    const boost::json::object& quota = entry.as_object();
    for (const std::string_view resource : {"bytes", "pending_bytes", "manifests", "tags"}) {
      const boost::json::object& figure = quota.at(resource).as_object();
      if (figure.at("limit").is_null()) continue;
      const auto amount = [&](std::string_view field) {
        const std::uint64_t number = number_of(figure, field);
        return resource.ends_with("bytes") ? human(number) : std::to_string(number);
      };
      rows.push_back({{"quota", quota.at("repositories")},
                      {"repository", quota.at("repository")},
                      {"of", resource},
                      {"used", amount("used")},
                      {"limit", amount("limit")},
                      {"left", amount("left")}});
    }
  }
  return rows;
}

void show_usage(AdminClient& client, const UsageValues& values) {
  const std::string query = values.pattern.empty() ? "" : "?repositories=" + percent_encoded(values.pattern);
  const boost::json::object usage = client.ask("GET", "/usage" + query);
  if (client.form() == OutputForm::json) return print_json(usage);
  print_table(readable(usage.at("repositories").as_array()), {{"REPOSITORY", "repository"},
                                                              {"BYTES", "bytes"},
                                                              {"PENDING", "pending_bytes"},
                                                              {"UNIQUE", "unique_bytes"},
                                                              {"SHARED", "shared_bytes"},
                                                              {"TRASH", "trash_bytes"},
                                                              {"RECLAIMABLE", "reclaimable_bytes"},
                                                              {"MANIFESTS", "manifests"},
                                                              {"TAGS", "tags"}});
  const boost::json::object& stored = usage.at("stored").as_object();
  fmt::print("\n{} blobs of {} are stored, {} of them for the trash alone; {} can be reclaimed\n",
             number_of(stored, "blobs"), human(number_of(stored, "bytes")), human(number_of(stored, "trash_bytes")),
             human(number_of(stored, "reclaimable_bytes")));
  const boost::json::array limits = limits_of(usage.at("quotas").as_array());
  if (limits.empty()) return;
  fmt::print("\n");
  print_table(limits, {{"QUOTA", "quota"},
                       {"REPOSITORY", "repository"},
                       {"OF", "of"},
                       {"USED", "used"},
                       {"LIMIT", "limit"},
                       {"LEFT", "left"}});
}

}  // namespace

void add_usage_command(CLI::App& app, ChosenCommand& chosen) {
  add_command<UsageValues>(app, chosen, "usage", "say what repositories hold and how full quotas are", describe_usage,
                           show_usage);
}

}  // namespace berth
