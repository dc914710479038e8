// What SIGHUP does to a running server's configuration.
#pragma once

#include "observe/log.h"
#include "server/config.h"

namespace berth {

/// Reads the file and the environment that `running` came from again and sets the log's level. Keys that changed and
/// need a restart are named in a warning each. Blocks. Throws std::runtime_error with the first problem, and then
/// changes nothing.
void reload_log_level(const ServerConfig& running, Log& log);

}  // namespace berth
