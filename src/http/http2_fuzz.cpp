// Fuzzes the whole of an HTTP/2 connection: frames in over a socket pair, through nghttp2, our limits, bodies, a
// handler and answers of every kind. The first byte says in how many pieces the rest arrives, and whether the client's
// preface and settings stand before it. What comes back must be frames, whole, and what reaches the handler a sound
// request.
#include <nghttp2/nghttp2.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cstdint>
#include <memory>
#include <string>

#include "base/failure.h"
#include "http/http2_connection.h"
#include "http/response_head.h"
#include "http/target.h"
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

bool is_sound_field(const Headers::Field& field) {
  const auto& [name, value] = field;
  const bool is_lower = std::ranges::none_of(name, [](char c) { return c >= 'A' && c <= 'Z'; });
  return !name.empty() && name.front() != ':' && is_lower &&
         value.find_first_of(std::string_view("\r\n\0", 3)) == std::string::npos && name != "connection" &&
         name != "transfer-encoding" && name != "upgrade";
}

class Words final : public ByteReader {
 public:
  Task<std::size_t> read(std::span<std::byte> into) override {
    if (++count_ > 3) co_return 0;
    std::ranges::fill(into.first(1000), std::byte{'w'});
    co_return 1000;
  }

 private:
  int count_ = 0;
};

std::shared_ptr<const UniqueFd> file_of_100_kilobytes() {
  static const std::shared_ptr<const UniqueFd> file = [] {
    const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
    require(::ftruncate(fd, 100'000) == 0, "ftruncate");
    return std::make_shared<const UniqueFd>(UniqueFd(fd));
  }();
  return file;
}

/// Reads a body or leaves it, and answers in one way or another, by method and path.
Task<Response> handle(Request& request) {
  require(is_well_formed(request.path), "a path reached the handler that should not");
  require(request.http_major == 2 && request.http_minor == 0, "a request of another version");
  require(request.headers.find_all("host").size() == 1, "a request without one Host");
  require(is_valid_authority(request.host), "a host that is none");
  require(std::ranges::all_of(request.headers, is_sound_field), "a field that should not be there");
  const std::size_t kind = request.target.size() % 4;
  if (request.method == Method::get || request.method == Method::head) {
    Response response = Response::text(200, "text/plain", request.target.substr(0, 100));
    if (kind == 1) response.body = BodyStream(std::make_unique<Words>());
    if (kind == 2) response.body = BodyPieces{SharedBytes("<"), FileRegion{file_of_100_kilobytes(), 0, 100'000}};
    if (kind == 3) response.body = BodyPieces{FileRegion{file_of_100_kilobytes(), 0, 100'001}};  // too short
    co_return response;
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
  co_return Response::text(201, "text/plain", std::to_string(total));
}

/// Answers at once what begins with "/q".
QuickAnswer answer_at_once(const RequestView& request) {
  static const auto prepared = [] {
    return std::make_shared<const PreparedAnswer>(prepare_answer(Response::text(200, "text/plain", "quick")).value());
  }();
  require(is_valid_authority(request.host), "a host that is none");
  if (!request.target.starts_with("/q")) return {};
  return {.prepared = prepared, .user = nullptr};
}

class Fuzzed {
 public:
  Fuzzed()
      : server_(
            limits(), &handle, &answer_at_once, [](const AccessRecord&) {}, *log_, metrics_),
        loop_(server_.entropy, server_.metrics) {}

  std::string run(std::string_view bytes, std::size_t piece_size) {
    int ends[2];
    require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "socketpair");
    const UniqueFd client(ends[0]);
    Socket socket(loop_.context(), boost::asio::generic::stream_protocol(AF_UNIX, 0), ends[1]);
    boost::asio::co_spawn(loop_.context(),
                          serve_http2(server_, loop_, make_plain_stream(std::move(socket)), {"fuzz", false}, {}),
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
    for (int i = 0; i < 1000 && loop_.member_count() > 0; ++i) {
      loop_.context().poll();
      receive(client, answers);
    }
    require(loop_.member_count() == 0, "a connection outlives its client");
    return answers;
  }

 private:
  static ServerLimits limits() {
    ServerLimits limits;
    limits.header_bytes = 4096;
    limits.target_bytes = 1024;
    limits.http2.stream_count = 20;
    limits.http2.reset_burst = 30;
    limits.http2.ping_burst = 10;
    limits.http2.settings_burst = 10;
    limits.http2.idle_frame_burst = 50;
    limits.http2.stream_window_bytes = 65'535;
    limits.http2.connection_window_bytes = 100'000;
    return limits;
  }
  static void receive(const UniqueFd& client, std::string& answers) {
    char bytes[65536];
    for (;;) {
      const ssize_t count = ::recv(client.get(), bytes, sizeof bytes, MSG_DONTWAIT);
      if (count <= 0) return;
      answers.append(bytes, static_cast<std::size_t>(count));
    }
  }

  std::unique_ptr<Log> log_ = make_silent_log();
  Metrics metrics_;
  ServerContext server_;
  Loop loop_;
};

void check_answers(std::string_view answers) {
  const auto byte = [&answers](std::size_t i) {
    return static_cast<std::size_t>(static_cast<unsigned char>(answers[i]));
  };
  bool is_first = true;
  while (answers.size() >= 9) {
    const std::size_t length = byte(0) << 16U | byte(1) << 8U | byte(2);
    require(length <= 16'384, "a frame is larger than agreed");
    require(byte(3) <= NGHTTP2_CONTINUATION && byte(3) != NGHTTP2_PUSH_PROMISE, "a frame is of a kind that we send");
    require(!is_first || byte(3) == NGHTTP2_SETTINGS, "SETTINGS come first");
    is_first = false;
    if (answers.size() < 9 + length) return;  // the client was gone
    answers.remove_prefix(9 + length);
  }
}

}  // namespace
}  // namespace berth::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::http;
  static Fuzzed fuzzed;
  if (size < 1) return 0;
  std::string bytes;
  const bool is_greeted = data[0] < 0x80;
  if (is_greeted) bytes = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + std::string("\0\0\0\x04\0\0\0\0\0", 9);
  bytes.append(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::size_t piece_size = std::max<std::size_t>(bytes.size() / (data[0] % 16U + 1U), 1);
  check_answers(fuzzed.run(bytes, piece_size));
  return 0;
}
