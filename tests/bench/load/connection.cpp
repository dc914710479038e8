#include "tests/bench/load/connection.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/uio.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <stdexcept>

namespace berth::bench {
namespace {

[[noreturn]] void fail(const std::string& what, int error) {
  throw std::runtime_error(fmt::format("{}: errno {}", what, error));
}

/// The value of a header field, whatever the case of its name; empty if there is none.
std::string_view field(std::string_view head, std::string_view name) {
  std::size_t line = head.find("\r\n");
  while (line != std::string_view::npos && line + 2 < head.size()) {
    const std::size_t start = line + 2;
    const std::size_t end = head.find("\r\n", start);
    const std::string_view text = head.substr(start, end - start);
    if (text.size() > name.size() && text[name.size()] == ':') {
      bool is_same = true;
      for (std::size_t i = 0; i < name.size(); ++i) is_same = is_same && (text[i] | 0x20) == (name[i] | 0x20);
      if (is_same) {
        const std::size_t value = text.find_first_not_of(' ', name.size() + 1);
        return value == std::string_view::npos ? std::string_view() : text.substr(value);
      }
    }
    line = end;
  }
  return {};
}

std::string without_origin(std::string_view location) {
  const std::size_t scheme = location.find("://");
  if (scheme == std::string_view::npos) return std::string(location);
  const std::size_t path = location.find('/', scheme + 3);
  return path == std::string_view::npos ? "/" : std::string(location.substr(path));
}

}  // namespace

UniqueFd connect_to(const std::string& address) {
  const std::size_t colon = address.rfind(':');
  if (colon == std::string::npos) throw std::runtime_error("not HOST:PORT: " + address);
  std::uint16_t port = 0;
  if (std::from_chars(address.data() + colon + 1, address.data() + address.size(), port).ec != std::errc()) {
    throw std::runtime_error("not HOST:PORT: " + address);
  }
  sockaddr_in peer = {};
  peer.sin_family = AF_INET;
  peer.sin_port = htons(port);
  if (::inet_pton(AF_INET, address.substr(0, colon).c_str(), &peer.sin_addr) != 1) {
    throw std::runtime_error("not an address: " + address);
  }
  UniqueFd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!socket.is_open()) fail("socket", errno);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&peer), sizeof(peer)) != 0) fail("connect", errno);
  const int yes = 1;
  ::setsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
  return socket;
}

Answer Connection::send(std::string_view method, std::string_view target, std::string_view head_fields,
                        std::string_view body) {
  if (!socket_.is_open()) {
    socket_ = connect_to(address_);
    received_.clear();
  }
  std::string head = fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}", method, target, address_, head_fields);
  if (method == "PUT" || method == "POST" || method == "PATCH") {
    head += fmt::format("Content-Length: {}\r\n", body.size());
  }
  head += "\r\n";
  try {
    write_all(head, body);
    return read_answer(method != "HEAD");
  } catch (...) {
    socket_.reset();
    throw;
  }
}

void Connection::write_all(std::string_view first, std::string_view second) {
  while (!first.empty() || !second.empty()) {
    std::array<iovec, 2> parts = {iovec{const_cast<char*>(first.data()), first.size()},
                                  iovec{const_cast<char*>(second.data()), second.size()}};
    msghdr message = {};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(socket_.get(), &message, MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      fail("send", errno);
    }
    const std::size_t of_first = std::min(first.size(), static_cast<std::size_t>(sent));
    first.remove_prefix(of_first);
    second.remove_prefix(static_cast<std::size_t>(sent) - of_first);
  }
}

Answer Connection::read_answer(bool has_body) {
  std::array<char, 65536> buffer;
  const auto receive = [this, &buffer]() -> std::string_view {
    const ssize_t count = ::recv(socket_.get(), buffer.data(), buffer.size(), 0);
    if (count < 0) fail("recv", errno);
    if (count == 0) throw std::runtime_error("the server closed the connection");
    return {buffer.data(), static_cast<std::size_t>(count)};
  };
  std::size_t end = 0;
  while ((end = received_.find("\r\n\r\n")) == std::string::npos) received_ += receive();
  const std::string head = received_.substr(0, end + 2);
  received_.erase(0, end + 4);

  Answer answer;
  if (head.size() < 12 || std::from_chars(head.data() + 9, head.data() + 12, answer.status).ec != std::errc()) {
    throw std::runtime_error("not an HTTP answer: " + head.substr(0, 80));
  }
  if (answer.status == 100) return read_answer(has_body);
  answer.location = without_origin(field(head, "location"));
  const bool is_empty = !has_body || answer.status == 204 || answer.status == 304;
  if (!is_empty) {
    const std::string_view length = field(head, "content-length");
    if (std::from_chars(length.data(), length.data() + length.size(), answer.body_bytes).ec != std::errc()) {
      throw std::runtime_error("an answer without Content-Length");
    }
    std::uint64_t left = answer.body_bytes;
    const std::uint64_t at_hand = std::min<std::uint64_t>(left, received_.size());
    received_.erase(0, at_hand);
    left -= at_hand;
    while (left > 0) {
      const std::string_view more = receive();
      if (more.size() > left) received_ = more.substr(left);
      left -= std::min<std::uint64_t>(left, more.size());
    }
  }
  if (field(head, "connection") == "close") socket_.reset();
  return answer;
}

}  // namespace berth::bench
