// From configuration to http/: where to listen, limits, the access log.
#pragma once

#include <vector>

#include "base/unique_fd.h"
#include "http/server.h"
#include "observe/access_log.h"
#include "server/config.h"

namespace berth {

/// Sockets that the service manager passed take the place of the configured addresses.
http::ServerOptions build_public_options(const HttpConfig& config, std::vector<UniqueFd> inherited);

/// Plain HTTP, no client certificates: it is for the operator's network only.
http::ServerOptions build_debug_options(const HttpConfig& config);

/// Writes each request to `log`; to nothing if that is null.
http::AccessSink build_access_sink(AccessLog* log, const Clock& clock);

}  // namespace berth
