#include "server/config.h"

#include <algorithm>

namespace berth {

std::uint64_t SpaceReserve::bytes_of(std::uint64_t file_system_bytes) const {
  constexpr std::uint64_t kAutomaticLimit = 1ULL << 30;
  switch (kind) {
    case Kind::automatic:
      return std::min(file_system_bytes / 100, kAutomaticLimit);
    case Kind::bytes:
      return amount;
    case Kind::percent:
      return file_system_bytes / 100 * amount;
  }
  return 0;
}

http::TlsOptions TlsConfig::options() const {
  using http::ClientCertificates;
  const ClientCertificates unset =
      client_cas.empty() ? ClientCertificates::off : ClientCertificates::require_and_verify;
  return {.certificate_file = certificate,
          .key_file = key,
          .more_certificates = certificates,
          .client_ca_files = client_cas,
          .client_certificates = client_auth.value_or(unset),
          .is_tls13_only = is_tls13_only,
          .cipher_suites = cipher_suites,
          .uses_kernel = uses_kernel};
}

std::vector<ListenerConfig> HttpConfig::listen_addresses() const {
  std::vector<ListenerConfig> all;
  if (!address.empty()) all.push_back({address, network});
  all.insert(all.end(), listeners.begin(), listeners.end());
  if (all.empty()) all.push_back({":5000", ListenNetwork::tcp});
  return all;
}

}  // namespace berth
