#include "server/service_manager.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <charconv>
#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <optional>

// Called before threads start, or, for NOTIFY_SOCKET, with nobody left who changes the environment.
// NOLINTBEGIN(concurrency-mt-unsafe)

namespace berth {

namespace {

// The first descriptor after the standard ones (sd_listen_fds(3), SD_LISTEN_FDS_START).
constexpr int kFirstInherited = 3;
constexpr int kMostInherited = 64;

std::optional<int> number_of(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  int value = 0;
  const char* end = text + std::strlen(text);
  const auto parsed = std::from_chars(text, end, value);
  if (parsed.ec != std::errc() || parsed.ptr != end) return std::nullopt;
  return value;
}

}  // namespace

void notify_service_manager(std::string_view state) {
  const char* path = std::getenv("NOTIFY_SOCKET");
  if (path == nullptr || (path[0] != '/' && path[0] != '@')) return;
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  const std::size_t length = std::strlen(path);
  if (length >= sizeof(address.sun_path)) return;
  std::memcpy(address.sun_path, path, length);
  if (path[0] == '@') address.sun_path[0] = '\0';  // the abstract namespace
  const UniqueFd socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) return;
  const auto address_length = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + length);
  // Best effort: there is nobody to tell if it fails.
  (void)::sendto(socket.get(), state.data(), state.size(), MSG_NOSIGNAL, reinterpret_cast<const sockaddr*>(&address),
                 address_length);
}

std::vector<UniqueFd> take_inherited_sockets() {
  const std::optional<int> pid = number_of("LISTEN_PID");
  const std::optional<int> count = number_of("LISTEN_FDS");
  ::unsetenv("LISTEN_PID");
  ::unsetenv("LISTEN_FDS");
  ::unsetenv("LISTEN_FDNAMES");
  std::vector<UniqueFd> sockets;
  if (!pid || *pid != ::getpid() || !count || *count < 1 || *count > kMostInherited) return sockets;
  for (int fd = kFirstInherited; fd < kFirstInherited + *count; ++fd) {
    ::fcntl(fd, F_SETFD, FD_CLOEXEC);
    sockets.emplace_back(fd);
  }
  return sockets;
}

}  // namespace berth

// NOLINTEND(concurrency-mt-unsafe)
