// Whether a directory lies on a network file system, where SQLite's locks and shared memory cannot be trusted.
#pragma once

#include <optional>
#include <string>

namespace berth {

/// The file system's name ("nfs") if it is one over the network, else nothing. Throws Failure(storage) if it cannot tell.
std::optional<std::string> network_file_system_of(const std::string& directory);

}  // namespace berth
