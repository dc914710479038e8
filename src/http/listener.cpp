#include "http/listener.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "base/failure.h"

namespace berth::http {
namespace {

/// The kernel cuts it to net.core.somaxconn.
constexpr int kBacklog = 4096;

[[noreturn]] void fail(const std::string& address, const std::string& why) {
  throw Failure(FailureKind::internal, fmt::format("cannot listen on {}: {}", address, why));
}

[[noreturn]] void fail(const std::string& address, int error) {
  fail(address, std::generic_category().message(error));
}

std::string bound_address(int fd) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(fd, reinterpret_cast<sockaddr*>(&bound), &size) != 0) return "?";
  return address_text(&bound, size);
}

struct HostAndPort {
  std::string host;
  std::string port;
};

HostAndPort split_address(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) fail(address, "the port is missing (like :5000 or 127.0.0.1:5000)");
  HostAndPort parts{address.substr(0, colon), address.substr(colon + 1)};
  if (parts.host.starts_with('[') && parts.host.ends_with(']')) {
    parts.host = parts.host.substr(1, parts.host.size() - 2);
  } else if (parts.host.find(':') != std::string::npos) {
    fail(address, "an IPv6 address stands in brackets (like [::1]:5000)");
  }
  if (parts.port.empty()) parts.port = "0";
  return parts;
}

/// The socket, or an errno value.
struct Attempt {
  UniqueFd socket;
  int error = 0;
};

Attempt listen_at(int family, const sockaddr* where, socklen_t size, bool is_dual_stack) {
  Attempt attempt{UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0))};
  if (!attempt.socket.is_open()) return {UniqueFd(), errno};
  const int fd = attempt.socket.get();
  if (family != AF_UNIX) {
    // A restart must not wait for old connections to time out. SO_REUSEPORT is left off: with it a second start would
    // take half the traffic in silence.
    const int on = 1;
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  if (family == AF_INET6) {
    const int is_v6_only = is_dual_stack ? 0 : 1;
    ::setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &is_v6_only, sizeof is_v6_only);
  }
  if (::bind(fd, where, size) != 0 || ::listen(fd, kBacklog) != 0) attempt.error = errno;
  return attempt;
}

struct AddressListFreer {
  void operator()(addrinfo* list) const { ::freeaddrinfo(list); }
};

UniqueFd listen_tcp(const std::string& address) {
  const HostAndPort parts = split_address(address);
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  addrinfo* found = nullptr;
  const char* host = parts.host.empty() ? "::" : parts.host.c_str();
  int outcome = ::getaddrinfo(host, parts.port.c_str(), &hints, &found);
  if (outcome != 0 && parts.host.empty()) {
    outcome = ::getaddrinfo(nullptr, parts.port.c_str(), &hints, &found);
  }
  if (outcome != 0) fail(address, ::gai_strerror(outcome));
  const std::unique_ptr<addrinfo, AddressListFreer> list(found);
  // Of a name with several addresses the IPv4 one is taken, as Go does.
  const addrinfo* chosen = list.get();
  for (const addrinfo* entry = list.get(); entry != nullptr; entry = entry->ai_next) {
    if (entry->ai_family == AF_INET) {
      chosen = entry;
      break;
    }
  }
  Attempt attempt = listen_at(chosen->ai_family, chosen->ai_addr, chosen->ai_addrlen, parts.host.empty());
  const bool has_no_ipv6 = attempt.error == EAFNOSUPPORT || attempt.error == EADDRNOTAVAIL;
  if (parts.host.empty() && has_no_ipv6) {
    sockaddr_in any{};
    any.sin_family = AF_INET;
    any.sin_port = reinterpret_cast<const sockaddr_in6*>(chosen->ai_addr)->sin6_port;
    attempt = listen_at(AF_INET, reinterpret_cast<const sockaddr*>(&any), sizeof any, false);
  }
  if (attempt.error != 0) fail(address, attempt.error);
  return std::move(attempt.socket);
}

UniqueFd listen_unix(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof where.sun_path) fail(path, ENAMETOOLONG);
  std::memcpy(where.sun_path, path.data(), path.size());
  const auto* generic = reinterpret_cast<const sockaddr*>(&where);
  struct stat existing{};
  if (::lstat(path.c_str(), &existing) == 0) {
    if (!S_ISSOCK(existing.st_mode)) fail(path, "there is a file of that name that is not a socket");
    const UniqueFd probe(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    if (!probe.is_open()) fail(path, errno);
    const bool is_live = ::connect(probe.get(), generic, sizeof where) == 0 || errno == EAGAIN;
    if (is_live) fail(path, EADDRINUSE);
    if (errno != ECONNREFUSED) fail(path, errno);
    ::unlink(path.c_str());
  }
  Attempt attempt = listen_at(AF_UNIX, generic, sizeof where, false);
  if (attempt.error != 0) fail(path, attempt.error);
  return std::move(attempt.socket);
}

UniqueFd adopt(const ListenAddress& address) {
  const int fd = address.inherited->get();
  int is_listening = 0;
  socklen_t size = sizeof is_listening;
  if (::getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) != 0) fail(address.address, errno);
  if (is_listening == 0) fail(address.address, "the inherited socket does not listen");
  UniqueFd own(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
  if (!own.is_open()) fail(address.address, errno);
  return own;
}

}  // namespace

std::string address_text(const void* socket_address, std::size_t size) {
  char text[INET6_ADDRSTRLEN] = {};
  const auto* generic = static_cast<const sockaddr*>(socket_address);
  if (size < sizeof(sa_family_t)) return "unix";
  switch (generic->sa_family) {
    case AF_INET: {
      const auto* address = static_cast<const sockaddr_in*>(socket_address);
      ::inet_ntop(AF_INET, &address->sin_addr, text, sizeof text);
      return fmt::format("{}:{}", text, ntohs(address->sin_port));
    }
    case AF_INET6: {
      const auto* address = static_cast<const sockaddr_in6*>(socket_address);
      if (IN6_IS_ADDR_V4MAPPED(&address->sin6_addr)) {
        ::inet_ntop(AF_INET, address->sin6_addr.s6_addr + 12, text, sizeof text);
        return fmt::format("{}:{}", text, ntohs(address->sin6_port));
      }
      ::inet_ntop(AF_INET6, &address->sin6_addr, text, sizeof text);
      return fmt::format("[{}]:{}", text, ntohs(address->sin6_port));
    }
    default: {
      const auto* address = static_cast<const sockaddr_un*>(socket_address);
      const std::size_t path_offset = offsetof(sockaddr_un, sun_path);
      if (size <= path_offset || address->sun_path[0] == '\0') return "unix";
      return std::string(address->sun_path, ::strnlen(address->sun_path, size - path_offset));
    }
  }
}

BoundListener BoundListener::open(const ListenAddress& address) {
  if (address.inherited) {
    UniqueFd socket = adopt(address);
    std::string bound = bound_address(socket.get());
    return BoundListener(std::move(socket), std::move(bound), {});
  }
  if (address.is_unix) {
    UniqueFd socket = listen_unix(address.address);
    return BoundListener(std::move(socket), address.address, address.address);
  }
  UniqueFd socket = listen_tcp(address.address);
  std::string bound = bound_address(socket.get());
  return BoundListener(std::move(socket), std::move(bound), {});
}

BoundListener::BoundListener(UniqueFd socket, std::string address, std::string own_path)
    : socket_(std::move(socket)), address_(std::move(address)), own_path_(std::move(own_path)) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  if (::getsockname(socket_.get(), reinterpret_cast<sockaddr*>(&bound), &size) == 0) family_ = bound.ss_family;
}

BoundListener::BoundListener(BoundListener&& other) noexcept
    : socket_(std::move(other.socket_)),
      family_(other.family_),
      address_(std::move(other.address_)),
      own_path_(std::exchange(other.own_path_, {})) {}

BoundListener::~BoundListener() {
  remove_path();
}

void BoundListener::remove_path() {
  if (!own_path_.empty()) ::unlink(own_path_.c_str());
  own_path_.clear();
}

}  // namespace berth::http
