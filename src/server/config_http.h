// The `http` section.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "api/client_address.h"
#include "api/cors.h"
#include "http/server.h"

namespace berth {

enum class ListenNetwork { tcp, unix_socket };

struct ListenerConfig {
  std::string address;  ///< host:port, :port, or a path
  ListenNetwork network = ListenNetwork::tcp;
};

struct TlsConfig {
  std::string certificate;
  std::string key;
  std::vector<http::CertificateFiles> certificates;  ///< beside that one, by name
  std::vector<std::string> client_cas;
  /// Unset: require_and_verify if there are client CAs, else off.
  std::optional<http::ClientCertificates> client_auth;
  bool is_tls13_only = false;
  std::vector<std::string> cipher_suites;  ///< Go's names, only those that http/ offers; empty: the defaults
  bool uses_kernel = true;

  bool is_enabled() const { return !certificate.empty(); }
  http::TlsOptions options() const;
};

struct PrometheusConfig {
  bool is_enabled = false;
  std::string path = "/metrics";
};

struct DebugConfig {
  std::string address;  ///< empty: no debug listener
  PrometheusConfig prometheus;
};

struct HttpConfig {
  /// Empty if the file says nothing: then :5000, unless the service manager passed sockets or there are `listeners`.
  std::string address;
  ListenNetwork network = ListenNetwork::tcp;
  std::vector<ListenerConfig> listeners;  ///< beside `address`
  std::string host;                       ///< scheme://host[:port] without a path's end slash; empty: from the request
  std::string prefix = "/";               ///< begins and ends with "/"
  std::string secret;                     ///< read for compatibility; upload state lives in the metadata store
  bool has_relative_urls = false;
  /// Unset: 10 s and exit code 0. An explicit 0 ends at once.
  std::optional<std::chrono::milliseconds> drain_timeout;
  TlsConfig tls;
  /// Added to every answer of the registry's routes.
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;
  ClientAddressOptions client_addresses;
  CorsOptions cors;
  bool is_http2_disabled = false;
  bool is_h2c_enabled = false;
  DebugConfig debug;
  http::ServerLimits limits;  ///< `timeout` and `limits` together
  unsigned loop_count = 0;    ///< 0: one for each core
  bool gathers = true;        ///< connections, on as few loops as carry them

  /// `address` and `listeners` together, in that order; :5000 if the file names none.
  std::vector<ListenerConfig> listen_addresses() const;
};

}  // namespace berth
