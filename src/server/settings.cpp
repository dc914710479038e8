#include "server/settings.h"

#include <algorithm>
#include <boost/regex.hpp>

#include "server/config.h"

namespace berth {

void describe_settings(SettingNode& root, ServerConfig& config) {
  SettingSection all(root);
  all.value("version", text(all.own<std::string>("0.1")),
            "The version of the configuration's format: always `0.1`. Required in a file.");
  describe_log(all, config);
  all.value("loglevel", text(all.own<std::string>()), "The old place of `log.level`.", {.replaced_by = "log.level"});
  describe_storage(all, config);
  describe_metadata(all, config);
  describe_retention(all, config);
  describe_http(all, config);
  describe_auth(all, config);
  describe_access(all, config);
  describe_policy(all, config);
  describe_validation(all, config);
  describe_limits(all, config);
  describe_quotas(all, config);
  describe_rate_limits(all, config);
  describe_health(all, config);
  describe_notifications(all);
  describe_middleware(all, config);
  describe_proxy(all);
  describe_redis(all);
  describe_retired(all);
}

std::optional<std::string> check_http_url(const std::string& text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!std::string_view(text).starts_with(scheme)) continue;
    const std::string_view rest = std::string_view(text).substr(scheme.size());
    const bool is_printable = std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; });
    if (!rest.empty() && rest.front() != '/' && rest.front() != ':' && rest.front() != '?' && is_printable) return {};
  }
  return "\"" + text + "\" is not a URL (like https://registry.example.com)";
}

std::optional<std::string> check_regular_expression(const std::string& text) {
  try {
    const boost::regex compiled(text);
    return std::nullopt;
  } catch (const boost::regex_error& error) {
    return "\"" + text + "\" is not a regular expression";
  }
}

std::function<std::optional<std::string>(const std::string&)> check_one_of(std::vector<std::string> words) {
  return [words = std::move(words)](const std::string& text) -> std::optional<std::string> {
    if (std::ranges::find(words, text) != words.end()) return std::nullopt;
    std::string names;
    for (const std::string& word : words) names += (names.empty() ? "" : ", ") + word;
    return "\"" + text + "\" is not one of " + names;
  };
}

}  // namespace berth
