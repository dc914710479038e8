// The names in the certificate that a TLS client has shown.
#pragma once

#include <memory>

#include "http/peer_certificate.h"

struct ssl_st;

namespace berth::http {

/// After the handshake. Null if there is none that was verified.
std::shared_ptr<const PeerCertificate> verified_peer(const ssl_st* connection);

}  // namespace berth::http
