// "Upgrade: h2c": how a client of HTTP/1.1 asks for HTTP/2 without TLS (RFC 7540, 3.2; curl and Go's servers speak it,
// RFC 9113 no longer teaches it). Pure.
#pragma once

#include <optional>
#include <string>

#include "http/request.h"

namespace berth::http {

/// What HTTP2-Settings holds, decoded, if the request asks for HTTP/2 and does so in the right way; else it is answered
/// as if it had not asked.
std::optional<std::string> h2c_settings(const Request& request);

}  // namespace berth::http
