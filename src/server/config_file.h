// Reading small files that people write.
#pragma once

#include <cstddef>
#include <expected>
#include <string>

namespace berth {

/// The file's bytes, or why not: "No such file or directory", "is not a regular file", "is larger than 4194304 bytes".
/// Blocks. Never waits for a pipe and never reads more than the limit.
std::expected<std::string, std::string> read_regular_file(const std::string& path, std::size_t limit);

}  // namespace berth
