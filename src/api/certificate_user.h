// CertificateUser: which name in a client's certificate is the user's (auth.certificate).
#pragma once

#include <string_view>

#include "http/peer_certificate.h"

namespace berth {

enum class CertificateUser { nobody, common_name, dns_name, email_address, uri };

/// Empty if there is no certificate, or no such name in it. Of several the first.
inline std::string_view user_of(const http::PeerCertificate* certificate, CertificateUser which) {
  if (certificate == nullptr) return {};
  const auto first = [](const std::vector<std::string>& names) {
    return names.empty() ? std::string_view() : std::string_view(names.front());
  };
  switch (which) {
    case CertificateUser::nobody:
      return {};
    case CertificateUser::common_name:
      return certificate->common_name;
    case CertificateUser::dns_name:
      return first(certificate->dns_names);
    case CertificateUser::email_address:
      return first(certificate->email_addresses);
    case CertificateUser::uri:
      return first(certificate->uris);
  }
  return {};
}

}  // namespace berth
