// Every key of the configuration file, grouped by section: Distribution's (of version 2 and 3) and Berth's own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/setting.h"
#include "base/setting_loader.h"

namespace berth {

struct ServerConfig;
struct RetentionConfig;

/// Declares all keys, bound to `config`: what it holds now are the defaults. `root` must not outlive `config`.
void describe_settings(SettingNode& root, ServerConfig& config);

// The parts, one source a section (settings_<section>.cpp).
void describe_log(SettingSection root, ServerConfig& config);
void describe_storage(SettingSection root, ServerConfig& config);
void describe_storage_drivers(SettingSection storage);
void describe_metadata(SettingSection root, ServerConfig& config);
void describe_retention(SettingSection root, ServerConfig& config);
void describe_http(SettingSection root, ServerConfig& config);
void describe_http_limits(SettingSection http, ServerConfig& config);
void describe_http_clients(SettingSection http, ServerConfig& config);
void describe_quotas(SettingSection root, ServerConfig& config);
void describe_rate_limits(SettingSection root, ServerConfig& config);
void describe_http2_limits(SettingSection http2, ServerConfig& config);
void describe_health(SettingSection root, ServerConfig& config);
void describe_validation(SettingSection root, ServerConfig& config);
void describe_limits(SettingSection root, ServerConfig& config);
void describe_auth(SettingSection root, ServerConfig& config);
void describe_access(SettingSection root, ServerConfig& config);
void describe_policy(SettingSection root, ServerConfig& config);
void describe_middleware(SettingSection root, ServerConfig& config);
void describe_registry_middleware_list(SettingSection middleware, ServerConfig& config);
void describe_notifications(SettingSection root);
void describe_redis(SettingSection root);
void describe_proxy(SettingSection root);
void describe_retired(SettingSection root);

/// After loading: the schedule, and the rules of the list and of the policies' files.
void read_retention(const ConfigValue& tree, RetentionConfig& retention, SettingReport& report);

// Checks that several sections need; they return the reason of a refusal.
std::optional<std::string> check_http_url(const std::string& text);
std::optional<std::string> check_regular_expression(const std::string& text);
std::function<std::optional<std::string>(const std::string&)> check_one_of(std::vector<std::string> words);

}  // namespace berth
