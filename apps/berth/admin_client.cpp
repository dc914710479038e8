#include "apps/berth/admin_client.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <chrono>
#include <thread>
#include <vector>

#include "api/json_text.h"
#include "base/failure.h"
#include "server/environment.h"

namespace berth {
namespace {

constexpr std::size_t kPageSize = 1000;

std::optional<std::string> config_file_of(const AdminOptions& options) {
  if (options.config_file) return options.config_file;
  return configuration_path_from_environment();
}

LoadedConfig load(const AdminOptions& options) {
  LoadedConfig loaded = load_config({.file = config_file_of(options), .environment = registry_environment()});
  if (!loaded.errors.empty()) throw Failure(FailureKind::internal, loaded.errors.front());
  return loaded;
}

/// What a refusal says: the messages of its errors.
std::string words_of(const AdminReply& reply) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(reply.body, error);
  std::string words;
  if (!error && parsed.is_object()) {
    if (const auto* errors = parsed.as_object().if_contains("errors"); errors != nullptr && errors->is_array()) {
      for (const boost::json::value& each : errors->as_array()) {
        if (!each.is_object()) continue;
        if (!words.empty()) words += "; ";
        words += text_of(each.as_object(), "message");
      }
    }
  }
  return words.empty() ? fmt::format("the server answered {}", reply.status) : words;
}

}  // namespace

AdminClient::AdminClient(const AdminOptions& options)
    : options_(options), config_(load(options)), administration_(config_.config) {}

boost::json::object AdminClient::ask(const std::string& method, const std::string& target,
                                     const boost::json::object& body) {
  const bool has_body = method == "POST" || method == "PATCH";
  const AdminReply reply = administration_.ask(method, target, has_body ? boost::json::serialize(body) : std::string());
  if (reply.status >= 300) throw Failure(FailureKind::internal, words_of(reply));
  if (reply.body.empty()) return {};
  return boost::json::parse(reply.body).as_object();
}

boost::json::array AdminClient::list(const std::string& target, std::string_view name, std::string_view key) {
  boost::json::array all;
  std::string last;
  for (;;) {
    std::string query = fmt::format("?n={}", kPageSize);
    if (!last.empty()) query += "&last=" + percent_encoded(last);
    const boost::json::object page = ask("GET", target + query);
    const boost::json::array& entries = page.at(name).as_array();
    for (const boost::json::value& entry : entries) all.push_back(entry);
    if (entries.size() < kPageSize) return all;
    const boost::json::value& end = entries.back();
    last = end.is_object() ? text_of(end.as_object(), key) : std::string(end.as_string());
  }
}

boost::json::object watch_run(AdminClient& client, const std::string& path,
                              const std::function<std::uint64_t(const boost::json::object& view)>& show) {
  constexpr std::chrono::milliseconds kShortest{10};
  constexpr std::chrono::milliseconds kLongest{500};
  std::chrono::milliseconds pause = kShortest;
  std::uint64_t from = 0;
  for (;;) {
    boost::json::object view = client.ask("GET", fmt::format("{}?from={}", path, from));
    const std::uint64_t next = show(view);
    if (!view.at("running").as_bool()) return view;
    pause = next == from ? std::min(pause * 2, kLongest) : kShortest;
    from = next;
    std::this_thread::sleep_for(pause);
  }
}

std::uint64_t number_of(const boost::json::object& object, std::string_view field) {
  return object.at(field).to_number<std::uint64_t>();
}

std::string text_of(const boost::json::object& object, std::string_view field) {
  const boost::json::value* value = object.if_contains(field);
  if (value == nullptr || value->is_null()) return "-";
  if (value->is_bool()) return value->as_bool() ? "yes" : "no";
  if (value->is_string()) return value->as_string().empty() ? "-" : std::string(value->as_string());
  if (!value->is_array()) return boost::json::serialize(*value);
  std::string words;
  for (const boost::json::value& each : value->as_array()) {
    if (!words.empty()) words += ' ';
    words += each.is_string() ? std::string(each.as_string()) : boost::json::serialize(each);
  }
  return words.empty() ? "-" : words;
}

void print_table(const boost::json::array& entries,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> columns) {
  std::vector<std::vector<std::string>> rows;
  std::vector<std::string>& titles = rows.emplace_back();
  for (const auto& [title, field] : columns) titles.emplace_back(title);
  for (const boost::json::value& entry : entries) {
    std::vector<std::string>& row = rows.emplace_back();
    for (const auto& [title, field] : columns) row.push_back(text_of(entry.as_object(), field));
  }
  std::vector<std::size_t> widths(columns.size(), 0);
  for (const auto& row : rows) {
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  for (const auto& row : rows) {
    for (std::size_t i = 0; i + 1 < row.size(); ++i) fmt::print("{:<{}}  ", row[i], widths[i]);
    fmt::print("{}\n", row.back());
  }
}

void print_json(const boost::json::value& value) {
  fmt::print("{}\n", boost::json::serialize(value));
}

std::string human(std::uint64_t bytes) {
  constexpr std::array kUnits{"bytes", "KiB", "MiB", "GiB", "TiB"};
  auto amount = static_cast<double>(bytes);
  std::size_t unit = 0;
  while (amount >= 1024 && unit + 1 < kUnits.size()) {
    amount /= 1024;
    ++unit;
  }
  return unit == 0 ? fmt::format("{} bytes", bytes) : fmt::format("{:.1f} {}", amount, kUnits[unit]);
}

std::string segment(const std::string& name) {
  return percent_encoded(name);
}

}  // namespace berth
