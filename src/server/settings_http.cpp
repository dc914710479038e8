#include <algorithm>
#include <array>

#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

SettingBinding network(ListenNetwork& target) {
  return choice<ListenNetwork>(target, {{"tcp", ListenNetwork::tcp}, {"unix", ListenNetwork::unix_socket}});
}

void describe_listener(SettingSection& section, ListenerConfig& listener) {
  section.value("addr", checked(text(listener.address), check_not_empty), "host:port, :port, or a path for `unix`.");
  section.value("net", network(listener.network), "Kind of address.");
}

/// Distribution ignores a host without scheme and host name, and resolves against the path up to its last slash.
SettingBinding host_url(std::string& target) {
  SettingBinding binding = text(target);
  binding.type = "URL";
  binding.read = [&target](const ConfigValue& value, SettingFaults& faults) {
    const std::string* written = scalar_text(value, "a URL", faults);
    if (written == nullptr || written->empty()) return;
    if (check_http_url(*written)) {
      return faults.warn(
          value, "\"" + *written + "\" is ignored: it needs scheme and host (like https://registry.example.com)");
    }
    const std::string url = written->substr(0, written->find_first_of("?#"));
    const std::size_t path = url.find('/', url.find("://") + 3);
    target = path == std::string::npos ? url : url.substr(0, url.rfind('/'));
  };
  return binding;
}

SettingBinding prefix_path(std::string& target) {
  SettingBinding binding = text(target);
  binding.type = "path";
  binding.read = [&target](const ConfigValue& value, SettingFaults& faults) {
    const std::string* written = scalar_text(value, "a path", faults);
    if (written == nullptr || written->empty()) return;
    const bool is_plain =
        std::ranges::all_of(*written, [](char c) { return c > ' ' && c < '\x7f' && c != '?' && c != '#' && c != '%'; });
    if (!is_plain || written->find("//") != std::string::npos ||
        ("/" + *written + "/").find("/../") != std::string::npos) {
      return faults.refuse(value, "\"" + *written + "\" is not a path (like /registry/)");
    }
    target = *written;
    if (target.front() != '/') target.insert(0, "/");
    if (target.back() != '/') target += '/';
    if (target != *written) faults.warn(value, "\"" + *written + "\" is read as " + target);
  };
  return binding;
}

std::expected<bool, std::string> parse_minimum_tls(std::string_view text) {
  if (text.empty() || text == "tls1.2") return false;
  if (text == "tls1.3") return true;
  if (text == "tls1.0" || text == "tls1.1") {
    return std::unexpected(std::string(text) + " is no longer offered; use tls1.2 or tls1.3");
  }
  return std::unexpected("\"" + std::string(text) + "\" is not one of tls1.2, tls1.3");
}

constexpr std::array<std::string_view, 9> kOfferedSuites{"TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
                                                         "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384",
                                                         "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
                                                         "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256",
                                                         "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
                                                         "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256",
                                                         "TLS_AES_256_GCM_SHA384",
                                                         "TLS_CHACHA20_POLY1305_SHA256",
                                                         "TLS_AES_128_GCM_SHA256"};
// Distribution's names for suites without forward secrecy or with CBC, RC4 or 3DES.
constexpr std::array<std::string_view, 13> kWeakSuites{"TLS_RSA_WITH_RC4_128_SHA",
                                                       "TLS_RSA_WITH_3DES_EDE_CBC_SHA",
                                                       "TLS_RSA_WITH_AES_128_CBC_SHA",
                                                       "TLS_RSA_WITH_AES_256_CBC_SHA",
                                                       "TLS_RSA_WITH_AES_128_CBC_SHA256",
                                                       "TLS_RSA_WITH_AES_128_GCM_SHA256",
                                                       "TLS_RSA_WITH_AES_256_GCM_SHA384",
                                                       "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA",
                                                       "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA",
                                                       "TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA",
                                                       "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA",
                                                       "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA",
                                                       "TLS_ECDHE_RSA_WITH_RC4_128_SHA"};

SettingBinding cipher_suites(std::vector<std::string>& target) {
  SettingBinding binding = text_list(target);
  binding.read = [read = std::move(binding.read), &target](const ConfigValue& value, SettingFaults& faults) {
    const std::size_t errors_before = faults.errors.size();
    read(value, faults);
    if (faults.errors.size() != errors_before) return;
    std::vector<std::string> offered;
    for (const ConfigValue& item : value.items()) {
      // Distribution 2 also knew the ChaCha20 suites without their hash.
      const std::string name = item.text().ends_with("_POLY1305") ? item.text() + "_SHA256" : item.text();
      if (std::ranges::find(kOfferedSuites, name) != kOfferedSuites.end()) {
        offered.push_back(name);
      } else if (std::ranges::find(kWeakSuites, name) != kWeakSuites.end()) {
        faults.warn(item, name + " is weak and not offered");
      } else {
        faults.refuse(item,
                      "\"" + item.text() + "\" is not a cipher suite (like TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256)");
      }
    }
    const bool is_none_left = offered.empty() && !value.items().empty() && faults.errors.size() == errors_before;
    if (is_none_left) return faults.refuse(value, "none of these cipher suites is offered");
    target = std::move(offered);
  };
  return binding;
}

SettingBinding client_auth(std::optional<http::ClientCertificates>& target) {
  using http::ClientCertificates;
  using Auth = std::optional<ClientCertificates>;
  return choice<Auth>(target, {{"require-and-verify-client-cert", ClientCertificates::require_and_verify},
                               {"request-client-cert", ClientCertificates::request},
                               {"require-any-client-cert", ClientCertificates::require_any},
                               {"verify-client-cert-if-given", ClientCertificates::verify_if_given}});
}

void describe_certificate(SettingSection& section, http::CertificateFiles& files) {
  section.value("certificate", checked(text(files.certificate_file), check_not_empty),
                "PEM file with the certificate and its chain.");
  section.value("key", checked(text(files.key_file), check_not_empty), "PEM file with the private key.");
}

void describe_tls(SettingSection http, TlsConfig& config) {
  SettingSection tls = http.section("tls", "HTTPS on the registry's listeners.");
  tls.value("certificate", text(config.certificate),
            "PEM file with the certificate and its chain; read again when it changes.");
  tls.value("key", text(config.key), "PEM file with the private key.");
  tls.list<http::CertificateFiles>("certificates", config.certificates, describe_certificate,
                                   "Berth's own. Further certificates, for clients that ask for a name that they hold "
                                   "for (SNI) and the first does not.");
  tls.value("clientcas", text_list(config.client_cas), "PEM files with the authorities of client certificates.");
  tls.value("clientauth", client_auth(config.client_auth),
            "What is asked of clients. Unset: `require-and-verify-client-cert` if `clientcas` is set, else nothing.");
  tls.value("minimumtls",
            custom<bool>(config.is_tls13_only, "word", "a TLS version", parse_minimum_tls,
                         [](const bool& only) { return std::string(only ? "tls1.3" : "tls1.2"); }),
            "The oldest version that is spoken: `tls1.2` or `tls1.3`.");
  tls.value("ciphersuites", cipher_suites(config.cipher_suites),
            "Suites by Go's names. Unset: those with forward secrecy and authenticated encryption.");
  tls.value(
      "kernel", flag(config.uses_kernel),
      "Berth's own. The kernel encrypts what is sent and reads files by itself, if it has its `tls` module and knows "
      "the suite.");
  SettingSection letsencrypt =
      tls.section("letsencrypt", "Certificates from Let's Encrypt.",
                  {.status = SettingStatus::not_built_yet, .reason = "certificates from Let's Encrypt"});
  letsencrypt.value("cachefile", text(letsencrypt.own<std::string>()),
                    "Where certificates are kept (a file, or a directory).");
  letsencrypt.value("email", text(letsencrypt.own<std::string>()), "Contact.");
  letsencrypt.value("hosts", text_list(letsencrypt.own<std::vector<std::string>>()),
                    "Host names that may be asked for.");
  letsencrypt.value("directoryurl", text(letsencrypt.own<std::string>()), "The authority's directory.");
}

}  // namespace

void describe_http(SettingSection root, ServerConfig& config) {
  HttpConfig& options = config.http;
  SettingSection http = root.section("http", "The listeners and what is spoken on them.");
  http.value("addr", text(options.address),
             "host:port, :port, or a path if `net` is `unix`. Unset: `:5000`, or the sockets that systemd passes.");
  http.value("net", network(options.network), "Kind of `addr`. A stale unix socket is removed.");
  http.list<ListenerConfig>("listeners", options.listeners, describe_listener,
                            "Berth's own. More addresses to listen on.");
  http.value("host", host_url(options.host), "Base of absolute URLs in `Location`. Unset: taken from the request.");
  http.value("prefix", prefix_path(options.prefix), "The path that everything lives under.");
  http.value("secret", text(options.secret), "Not needed: the state of uploads is kept in the metadata store.",
             {.is_secret = true});
  http.value("relativeurls", flag(options.has_relative_urls), "`Location` is a path without scheme and host.");
  http.value("draintimeout", duration(options.drain_timeout),
             "Time for requests under way when stopping. Unset: 10s; an explicit 0 stops at once.");
  http.value("loops", number(options.loop_count, 0, 1024), "Berth's own. Event loops; 0 is one for each core.");
  http.value(
      "gather", flag(options.gathers),
      "Berth's own. Active connections go on on as few loops as carry them, which saves wake-ups, and spread when one "
      "has too much to do. `false`: each stays on the loop that it began on.");
  describe_tls(http, options.tls);
  http.value("headers", header_map(options.headers), "Fields added to every answer of the registry.");
  SettingSection http2 = http.section("http2", "HTTP/2, which clients choose when TLS begins.");
  http2.value("disabled", flag(options.is_http2_disabled), "Offers only HTTP/1.1.");
  describe_http2_limits(http2, config);
  http.section("h2c", "HTTP/2 without TLS, beside HTTP/1.1 on the same port.")
      .value("enabled", flag(options.is_h2c_enabled),
             "Speaks it with clients that begin with it, or ask by `Upgrade: h2c`. Not behind a proxy that passes "
             "`Upgrade` on: requests of the upgraded connection would pass it by.");
  SettingSection debug =
      http.section("debug", "A second listener for metrics and health; plain HTTP, never open to the world.");
  debug.value("addr", text(options.debug.address), "host:port. Unset: none.");
  SettingSection prometheus = debug.section("prometheus", "Metrics for Prometheus.");
  prometheus.value("enabled", flag(options.debug.prometheus.is_enabled), "Serves them.");
  prometheus.value("path", text(options.debug.prometheus.path), "Where.");
  describe_http_limits(http, config);
  describe_http_clients(http, config);
}

}  // namespace berth
