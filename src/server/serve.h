// serve: the composition root's one function. Builds every room from the configuration, serves, drains, ends.
#pragma once

#include <string>
#include <vector>

namespace berth {

struct ServerConfig;

/// Serves until SIGTERM or SIGINT and returns the program's exit code: 0 after a clean drain, 1 if it could not start
/// (one line on standard error). `warnings` are lines about the configuration, written to the log once it stands. The
/// caller has already refused configurations that ask for what is not built (LoadedConfig::not_built).
int serve(const ServerConfig& config, const std::vector<std::string>& warnings);

}  // namespace berth
