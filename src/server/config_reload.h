// What SIGHUP does to a running server's configuration.
#pragma once

#include "observe/log.h"
#include "server/config.h"

namespace berth {

/// Reads the file and the environment that `running` came from again. Keys that changed and need a restart are named in
/// a warning each; the others are the caller's to bring into force. Blocks. Throws std::runtime_error with the first
/// problem.
ServerConfig read_config_again(const ServerConfig& running, Log& log);

}  // namespace berth
