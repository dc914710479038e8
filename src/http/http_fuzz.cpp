// Fuzzes the whole of a connection: bytes in over a socket pair, through head, body, a handler and the answer's writer.
// The first byte says in how many pieces the rest arrives. What comes back must be answers, whole and one after
// another.
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/failure.h"
#include "http/http1_connection.h"
#include "http/response_head.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "tests/support/require.h"

namespace berth::http {
namespace {

bool is_well_formed(const Path& path) {
  return std::ranges::none_of(path.segments, [](const std::string& segment) {
    return segment.empty() || segment == "." || segment == ".." || segment.find('/') != std::string::npos ||
           segment.find('\0') != std::string::npos;
  });
}

/// Reads a body or leaves it, by the method; checks what no handler should ever see.
Task<Response> handle(Request& request) {
  require(is_well_formed(request.path), "a path reached the handler that should not");
  require(request.http_minor == 0 || request.headers.find_all("Host").size() == 1, "a request without one Host");
  require(!(request.headers.contains("Content-Length") && request.headers.contains("Transfer-Encoding")),
          "a body of two lengths");
  if (request.method == Method::get || request.method == Method::head) {
    co_return Response::text(200, "text/plain", request.target.substr(0, 100));
  }
  if (request.method == Method::del) co_return Response::empty(204);
  std::byte bytes[64];
  std::uint64_t total = 0;
  for (;;) {
    const std::size_t count = co_await request.body->read(bytes);
    if (count == 0) break;
    total += count;
  }
  require(!request.content_length || *request.content_length == total, "a body of another length than it said");
  Response response = Response::text(201, "text/plain", std::to_string(total));
  response.headers.add("Location", "/" + request.path.segments.at(0));
  co_return response;
}

/// Answers at once what begins with "/q": such a request must be a plain read.
QuickAnswer answer_at_once(const RequestView& request) {
  static const auto prepared = [] {
    return std::make_shared<const PreparedAnswer>(prepare_answer(Response::text(200, "text/plain", "quick")).value());
  }();
  std::size_t host_count = 0;
  for (const auto& [name, value] : request.fields) {
    host_count += equals_ignoring_case(name, "Host") ? 1 : 0;
    for (const char* special : {"Transfer-Encoding", "Range", "If-Match", "If-None-Match", "Expect"}) {
      require(!equals_ignoring_case(name, special), "a request that is no plain read");
    }
    const bool has_body = equals_ignoring_case(name, "Content-Length") && value.find_first_not_of('0') != value.npos;
    require(!has_body, "a request with a body");
  }
  require(host_count == 1, "a request without one Host");
  if (!request.target.starts_with("/q")) return {};
  return {.prepared = prepared, .user = nullptr};
}

class Fuzzed {
 public:
  Fuzzed()
      : server_(limits(), &handle, &answer_at_once, {}, *log_, metrics_), loop_(server_.entropy, server_.metrics) {}

  std::string run(std::string_view bytes, std::size_t piece_size) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    const UniqueFd client(ends[0]);
    Socket socket(loop_.context(), boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    boost::asio::co_spawn(loop_.context(),
                          serve_http1(server_, std::make_unique<LoopConnection>(
                                                   &loop_, make_plain_stream(std::move(socket)), Peer{"fuzz", false})),
                          boost::asio::detached);
    loop_.context().restart();
    std::string answers;
    while (!bytes.empty()) {
      const std::string_view piece = bytes.substr(0, piece_size);
      if (::send(client.get(), piece.data(), piece.size(), MSG_NOSIGNAL | MSG_DONTWAIT) < 0) break;
      bytes.remove_prefix(piece.size());
      loop_.context().poll();
      receive(client, answers);
    }
    ::shutdown(client.get(), SHUT_WR);
    // The connection ends by itself now; its loop's timer is all that is left, and is not waited for.
    for (int i = 0; i < 1000 && metrics_open() > 0; ++i) {
      loop_.context().poll();
      receive(client, answers);
    }
    require(metrics_open() == 0, "a connection outlives its client");
    return answers;
  }

 private:
  static ServerLimits limits() {
    ServerLimits limits;
    limits.header_bytes = 4096;
    limits.target_bytes = 1024;
    limits.drain_time = {};  // nothing here waits for a clock
    return limits;
  }
  static void receive(const UniqueFd& client, std::string& answers) {
    char bytes[4096];
    for (;;) {
      const ssize_t count = ::recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (count <= 0) return;
      answers.append(bytes, static_cast<std::size_t>(count));
    }
  }
  std::size_t metrics_open() const { return loop_.member_count(); }

  std::unique_ptr<Log> log_ = make_silent_log();
  Metrics metrics_;
  ServerContext server_;
  Loop loop_;
};

void check_answers(std::string_view answers) {
  while (!answers.empty()) {
    require(answers.starts_with("HTTP/1.1 "), "an answer begins where one should");
    const std::size_t end = answers.find("\r\n\r\n");
    require(end != std::string_view::npos, "a head ends");
    const std::string_view head = answers.substr(0, end);
    answers.remove_prefix(end + 4);
    const std::size_t length_at = head.find("\r\nContent-Length: ");
    if (length_at == std::string_view::npos) continue;
    const std::size_t length = std::stoull(std::string(head.substr(length_at + 18, 12)));
    // HEAD's answers have a length and no body; where the next answer begins tells them apart.
    if (answers.empty() || answers.starts_with("HTTP/1.1 ")) continue;
    require(answers.size() >= length, "a body is whole");
    answers.remove_prefix(length);
  }
}

}  // namespace
}  // namespace berth::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::http;
  static Fuzzed fuzzed;
  if (size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece_size = std::max<std::size_t>(bytes.size() / (data[0] % 16U + 1U), 1);
  check_answers(fuzzed.run(bytes, piece_size));
  return 0;
}
