#include "net/local_client.h"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

#include "base/failure.h"
#include "base/unique_fd.h"
#include "net/socket_path.h"

namespace berth {

namespace {

LocalAnswer parse_answer(const std::string& bytes, const std::string& socket_path) {
  constexpr std::string_view kVersion = "HTTP/1.";
  const std::size_t head_end = bytes.find("\r\n\r\n");
  LocalAnswer answer;
  // "HTTP/1.1 200 OK"
  const char* status = bytes.data() + kVersion.size() + 2;
  const bool is_http = head_end != std::string::npos && bytes.starts_with(kVersion) && head_end > kVersion.size() + 5;
  if (!is_http || std::from_chars(status, status + 3, answer.status).ptr != status + 3) {
    throw Failure(FailureKind::internal, socket_path + " did not answer in HTTP");
  }
  answer.body = bytes.substr(head_end + 4);
  return answer;
}

}  // namespace

std::optional<LocalAnswer> ask_local_server(const std::string& socket_path, const std::string& method,
                                            const std::string& target, const LocalClientLimits& limits) {
  return ask_local_server(socket_path, method, target, std::string(), limits);
}

std::optional<LocalAnswer> ask_local_server(const std::string& socket_path, const std::string& method,
                                            const std::string& target, const std::string& json,
                                            const LocalClientLimits& limits) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (::access(socket_path.c_str(), F_OK) != 0) return std::nullopt;
  const SocketPath short_path(socket_path);
  std::memcpy(address.sun_path, short_path.text().data(), short_path.text().size());
  const UniqueFd socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) throw failure_from_errno(FailureKind::internal, "socket", errno);
  timeval time{};
  time.tv_sec = limits.time.count() / 1000;
  time.tv_usec = (limits.time.count() % 1000) * 1000;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
  ::setsockopt(socket.get(), SOL_SOCKET, SO_SNDTIMEO, &time, sizeof(time));
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) {
    if (errno == ENOENT || errno == ECONNREFUSED) return std::nullopt;
    throw failure_from_errno(FailureKind::internal, "cannot connect to " + socket_path, errno);
  }

  const std::string type = json.empty() ? "" : "Content-Type: application/json\r\n";
  const std::string request = fmt::format("{} {} HTTP/1.0\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}", method,
                                          target, type, json.size(), json);
  std::string_view rest = request;
  while (!rest.empty()) {
    const ssize_t count = ::send(socket.get(), rest.data(), rest.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure_from_errno(FailureKind::internal, "cannot write to " + socket_path, errno);
    rest.remove_prefix(static_cast<std::size_t>(count));
  }

  std::string bytes;
  std::array<char, 64 * 1024> buffer;
  for (;;) {
    const ssize_t count = ::recv(socket.get(), buffer.data(), buffer.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure_from_errno(FailureKind::internal, "no answer from " + socket_path, errno);
    if (count == 0) return parse_answer(bytes, socket_path);
    bytes.append(buffer.data(), static_cast<std::size_t>(count));
    if (bytes.size() > limits.answer_bytes) throw Failure(FailureKind::internal, socket_path + " answers too much");
  }
}

}  // namespace berth
