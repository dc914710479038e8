#include "server/config_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "base/unique_fd.h"

namespace berth {

std::expected<std::string, std::string> read_regular_file(const std::string& path, std::size_t limit) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!file.is_open()) return std::unexpected(std::generic_category().message(errno));
  struct stat info{};
  if (::fstat(file.get(), &info) != 0) return std::unexpected(std::generic_category().message(errno));
  if (S_ISDIR(info.st_mode)) return std::unexpected(std::string("is a directory"));
  if (!S_ISREG(info.st_mode)) return std::unexpected(std::string("is not a regular file"));
  std::string text;
  std::array<char, 16 * 1024> buffer{};
  // Read to the end rather than to st_size: the file may be written meanwhile, and the limit holds for what is read.
  while (true) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return std::unexpected(std::generic_category().message(errno));
    if (count == 0) return text;
    text.append(buffer.data(), static_cast<std::size_t>(count));
    if (text.size() > limit) return std::unexpected(fmt::format("is larger than {} bytes", limit));
  }
}

}  // namespace berth
