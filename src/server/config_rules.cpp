#include "server/config_rules.h"

#include <algorithm>

namespace berth {
namespace {

/// The alternatives (drivers, schemes) that `section` of the file names, sorted; unknown ones are refused.
std::vector<std::string> chosen(const SettingNode& node, ConfigValue& section, std::string_view what,
                                SettingReport& report) {
  std::vector<std::string> names;
  std::erase_if(section.entries(), [&](const ConfigEntry& entry) {
    const SettingNode* child = node.find(entry.key);
    if (child != nullptr) {
      if (child->options.is_alternative) names.push_back(entry.key);
      return false;
    }
    const std::string near = suggest_key(node, entry.key);
    report.error(entry.position, node.path + "." + entry.key,
                 "unknown " + std::string(what) + (near.empty() ? "" : " (did you mean " + near + "?)"));
    return true;
  });
  std::ranges::sort(names);
  return names;
}

/// `storage: inmemory` is `storage: {inmemory: {}}`.
void widen(ConfigValue& section) {
  if (!section.is_scalar() || section.text().empty()) return;
  const ConfigPosition position = section.position();
  const std::string name = section.text();
  section = ConfigValue::map(position);
  section.set(name, ConfigValue::map(position), position);
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) text += (text.empty() ? "" : " ") + name;
  return "[" + text + "]";
}

void settle_storage(const SettingNode& root, ConfigValue& tree, SettingReport& report) {
  ConfigValue* storage = tree.find("storage");
  if (storage == nullptr || storage->is_empty()) {
    return report.error(storage == nullptr ? tree.position() : storage->position(), "storage",
                        "no storage configuration provided");
  }
  widen(*storage);
  if (!storage->is_map()) return;  // loading says so
  const std::size_t errors_before = report.errors.size();
  const std::vector<std::string> drivers = chosen(*root.find("storage"), *storage, "storage driver", report);
  if (drivers.size() > 1) {
    report.error(storage->position(), "storage", "must provide exactly one storage type. Provided: " + listed(drivers));
  }
  if (drivers.empty() && report.errors.size() == errors_before) {
    report.error(storage->position(), "storage", "no storage configuration provided");
  }
}

void settle_auth(const SettingNode& root, ConfigValue& tree, SettingReport& report) {
  ConfigValue* auth = tree.find("auth");
  if (auth == nullptr) return;
  widen(*auth);
  if (!auth->is_map()) return;
  const std::vector<std::string> schemes = chosen(*root.find("auth"), *auth, "authentication scheme", report);
  // Basic and Bearer challenges side by side are Berth's extension.
  if (schemes.size() > 1 && schemes != std::vector<std::string>{"htpasswd", "token"}) {
    report.error(auth->position(), "auth", "must provide exactly one type. Provided: " + listed(schemes));
  }
}

ConfigPosition position_of(const ConfigValue& tree, std::string_view path) {
  const ConfigValue* value = find_value(tree, path);
  return value == nullptr ? tree.position() : value->position();
}

bool is_tcp_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string_view::npos) return false;
  const std::string_view host = address.substr(0, colon);
  const std::string_view port = address.substr(colon + 1);
  if (host.contains(':') && !(host.starts_with('[') && host.ends_with(']'))) return false;
  const bool is_number =
      !port.empty() && port.size() <= 5 && std::ranges::all_of(port, [](char c) { return c >= '0' && c <= '9'; });
  return is_number && std::stoul(std::string(port)) <= 65535;
}

std::optional<std::string> address_fault(const std::string& address, ListenNetwork network) {
  constexpr std::size_t kLongestUnixPath = 107;
  if (network == ListenNetwork::unix_socket) {
    if (address.empty()) return "a unix socket needs a path";
    if (address.size() > kLongestUnixPath) return "\"" + address + "\" is too long for a unix socket";
    return std::nullopt;
  }
  if (is_tcp_address(address)) return std::nullopt;
  return "\"" + address + "\" is not an address (like :5000 or 127.0.0.1:5000)";
}

void check_addresses(const ConfigValue& tree, const HttpConfig& http, SettingReport& report) {
  const auto check = [&](const std::string& path, const std::string& address, ListenNetwork network,
                         const ConfigPosition& position) {
    if (auto fault = address_fault(address, network)) report.error(position, path, std::move(*fault));
  };
  const bool needs_address = http.network == ListenNetwork::unix_socket;
  if (!http.address.empty() || needs_address)
    check("http.addr", http.address, http.network, position_of(tree, "http.addr"));
  if (!http.debug.address.empty()) {
    check("http.debug.addr", http.debug.address, ListenNetwork::tcp, position_of(tree, "http.debug.addr"));
  }
  for (std::size_t i = 0; i < http.listeners.size(); ++i) {
    const ListenerConfig& listener = http.listeners[i];
    check("http.listeners[" + std::to_string(i) + "].addr", listener.address, listener.network,
          position_of(tree, "http.listeners"));
  }
}

void check_tls(const ConfigValue& tree, const TlsConfig& tls, SettingReport& report) {
  if (tls.certificate.empty() != tls.key.empty()) {
    report.error(position_of(tree, "http.tls"), "http.tls", "certificate and key need each other");
  }
  const ConfigValue* letsencrypt = find_value(tree, "http.tls.letsencrypt");
  // Distribution refuses this, but the example that people copy has both.
  if (!tls.certificate.empty() && letsencrypt != nullptr && !letsencrypt->is_empty()) {
    report.warn(letsencrypt->position(), "http.tls.letsencrypt", "has no effect beside http.tls.certificate");
  }
  if (tls.certificate.empty() && (!tls.client_cas.empty() || tls.client_auth)) {
    report.warn(position_of(tree, "http.tls"), "http.tls", "has no effect without certificate and key");
  }
}

}  // namespace

void check_version(const ConfigValue& tree, SettingReport& report) {
  const ConfigValue* version = tree.find("version");
  if (version == nullptr || version->is_empty()) {
    return report.error(tree.position(), "version", "missing; add \"version: 0.1\"");
  }
  if (!version->is_scalar() || version->text() != "0.1") {
    report.error(version->position(), "version",
                 "unsupported version: \"" + version->to_text() + "\"; only 0.1 is known");
  }
}

void settle_choices(const SettingNode& root, ConfigValue& tree, SettingReport& report) {
  settle_storage(root, tree, report);
  settle_auth(root, tree, report);
}

void check_together(const ConfigValue& tree, ServerConfig& config, SettingReport& report) {
  if (find_value(tree, "storage.inmemory") != nullptr) config.storage.driver = StorageDriver::inmemory;
  check_tls(tree, config.http.tls, report);
  check_addresses(tree, config.http, report);
  if (!config.http.debug.prometheus.path.starts_with('/')) {
    report.error(position_of(tree, "http.debug.prometheus.path"), "http.debug.prometheus.path", "must begin with /");
  }
  if (config.limits.registry.smallest_buffer_bytes > config.limits.registry.largest_buffer_bytes) {
    report.error(position_of(tree, "limits"), "limits.smallestbuffer", "is more than limits.largestbuffer");
  }
  const ConfigValue* enabled = find_value(tree, "validation.enabled");
  if (enabled != nullptr && parse_yaml_flag(enabled->text()) == true) config.validation.is_disabled = false;
}

}  // namespace berth
