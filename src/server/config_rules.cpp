#include "server/config_rules.h"

#include <algorithm>

#include "server/settings.h"

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
  const bool is_alone =
      std::ranges::any_of(schemes, [](const std::string& name) { return name == "none" || name == "silly"; });
  if (schemes.size() > 1 && is_alone) {
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
  for (const http::CertificateFiles& files : tls.certificates) {
    if (tls.is_enabled() && !files.certificate_file.empty() && !files.key_file.empty()) continue;
    report.error(position_of(tree, "http.tls.certificates"), "http.tls.certificates",
                 tls.is_enabled() ? "certificate and key need each other"
                                  : "stand beside http.tls.certificate, which clients get that ask for no name");
    break;
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

/// A scheme that is asked for needs all of what it cannot do without.
bool check_scheme(const ConfigValue& tree, const std::string& name, std::initializer_list<const char*> required,
                  SettingReport& report) {
  const ConfigValue* scheme = find_value(tree, "auth." + name);
  if (scheme == nullptr) return false;
  for (const char* key : required) {
    const ConfigValue* value = scheme->find(key);
    if (value != nullptr && !value->is_empty()) continue;
    report.error(scheme->position(), "auth." + name + "." + key, "missing");
  }
  return true;
}

void check_token(const ConfigValue& tree, TokenConfig& token, SettingReport& report) {
  if (token.bundle_file.empty() && token.jwks_file.empty()) {
    report.error(position_of(tree, "auth.token"), "auth.token",
                 "needs rootcertbundle or jwks: token auth requires at least one token signing key");
  }
  if (!token.autoredirect_path.starts_with('/')) token.autoredirect_path.insert(0, "/");
  // Distribution takes them, and then no token is ever signed with one.
  const std::size_t removed =
      std::erase_if(token.algorithms, [](const std::string& name) { return name.starts_with("HS"); });
  if (removed == 0) return;
  const std::string path = "auth.token.signingalgorithms";
  report.warn(position_of(tree, path), path, "HMAC is never accepted");
  if (token.algorithms.empty()) report.error(position_of(tree, path), path, "no algorithm is left");
}

void check_auth(const ConfigValue& tree, AuthConfig& auth, SettingReport& report) {
  auth.htpasswd.is_enabled = check_scheme(tree, "htpasswd", {"realm", "path"}, report);
  auth.token.is_enabled = check_scheme(tree, "token", {"realm", "service", "issuer"}, report);
  if (auth.token.is_enabled) check_token(tree, auth.token, report);
  auth.local.is_enabled = check_scheme(tree, "local", {}, report);
  auth.certificate.is_enabled = check_scheme(tree, "certificate", {}, report);
  if (auth.certificate.is_enabled && find_value(tree, "http.tls.clientcas") == nullptr) {
    report.error(position_of(tree, "auth.certificate"), "auth.certificate", "needs http.tls.clientcas");
  }
  auth.silly.is_enabled = check_scheme(tree, "silly", {"realm", "service"}, report);
  auth.accounts.is_enabled = check_scheme(tree, "accounts", {}, report);
}

void check_access(const ConfigValue& tree, const ServerConfig& config, SettingReport& report) {
  const ConfigValue* rules = find_value(tree, "access");
  if (rules == nullptr || !rules->is_list()) return;
  for (std::size_t i = 0; i < rules->items().size(); ++i) {
    const ConfigValue& rule = rules->items()[i];
    const std::string path = "access[" + std::to_string(i) + "]";
    const auto has = [&rule](const char* key) { return rule.find(key) != nullptr && !rule.find(key)->is_empty(); };
    if (!rule.is_map()) continue;  // loading says so
    if (has("allow") == has("deny")) report.error(rule.position(), path, "needs either allow or deny");
    if (!has("who")) report.error(rule.position(), path, "needs who (like user:alice, authenticated or anonymous)");
  }
  if (!rules->items().empty() && !config.auth.is_enabled()) {
    report.error(rules->position(), "access", "needs auth: without it nobody is asked who he is");
  }
}

void check_quotas(const ConfigValue& tree, const std::vector<QuotaRuleConfig>& quotas, SettingReport& report) {
  for (std::size_t i = 0; i < quotas.size(); ++i) {
    const QuotaRuleConfig& rule = quotas[i];
    const std::string path = "quotas[" + std::to_string(i) + "]";
    const ConfigValue* list = find_value(tree, "quotas");
    const bool is_there = list != nullptr && list->is_list() && i < list->items().size();
    const ConfigPosition position = is_there ? list->items()[i].position() : tree.position();
    if (rule.repositories.empty()) report.error(position, path, "needs repositories (like team/**)");
    if (!rule.has_limit()) report.error(position, path, "needs a limit: bytes, pendingbytes, manifests or tags");
    // For one repository it is the same, whatever it is per.
    const bool is_for_one = !rule.repositories.contains('*');
    const auto is_same = [&](const QuotaRuleConfig& other) {
      return !rule.repositories.empty() && other.repositories == rule.repositories &&
             (is_for_one || other.per == rule.per);
    };
    if (std::ranges::any_of(quotas.begin(), quotas.begin() + static_cast<std::ptrdiff_t>(i), is_same)) {
      report.error(position, path, "another rule is for " + rule.repositories + " already: put the limits together");
    }
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
  check_auth(tree, config.auth, report);
  check_access(tree, config, report);
  read_retention(tree, config.retention, report);
  check_quotas(tree, config.quotas, report);
  check_tls(tree, config.http.tls, report);
  if (config.http.is_h2c_enabled && config.http.tls.is_enabled()) {
    report.warn(position_of(tree, "http.h2c"), "http.h2c", "has no effect beside http.tls, which offers HTTP/2 itself");
  }
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
