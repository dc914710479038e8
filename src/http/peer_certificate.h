// PeerCertificate: the names in a client's certificate.
#pragma once

#include <string>
#include <vector>

namespace berth::http {

/// Only of a certificate that was verified: its chain ends in one of the client CAs, and the client has its key. Names
/// with control characters, NUL among them, are left out.
struct PeerCertificate {
  std::string common_name = {};  ///< of the subject; empty if there is none, or more than one
  // Of subjectAltName, in order.
  std::vector<std::string> dns_names = {};
  std::vector<std::string> email_addresses = {};
  std::vector<std::string> uris = {};
};

}  // namespace berth::http
