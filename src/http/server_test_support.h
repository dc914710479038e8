// For the tests of http/: a server with a small site on a free port, and a client that speaks bytes.
#pragma once

#include <arpa/inet.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <atomic>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstring>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/failure.h"
#include "http/server.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth::http {

/// An answer as it came.
struct RawAnswer {
  unsigned status = 0;
  std::string head;
  std::map<std::string, std::string> fields;  ///< names in lower case
  std::string body;
  bool is_whole = false;

  std::string field(const std::string& name) const {
    const auto found = fields.find(name);
    return found == fields.end() ? "(none)" : found->second;
  }
};

/// A blocking client. What it waits for longer than ten seconds has not come.
class RawClient {
 public:
  explicit RawClient(UniqueFd socket) : socket_(std::move(socket)), is_connected_(true) { be_patient(); }
  explicit RawClient(const std::string& address) {
    if (address.starts_with('/')) {
      sockaddr_un where{};
      where.sun_family = AF_UNIX;
      std::memcpy(where.sun_path, address.data(), address.size());
      connect_to(AF_UNIX, reinterpret_cast<const sockaddr*>(&where), sizeof where);
      return;
    }
    sockaddr_in where{};
    where.sin_family = AF_INET;
    where.sin_port = htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
    where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connect_to(AF_INET, reinterpret_cast<const sockaddr*>(&where), sizeof where);
  }

  int fd() const { return socket_.get(); }
  bool is_connected() const { return is_connected_; }

  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }
  void end_sending() { ::shutdown(fd(), SHUT_WR); }

  /// What receive_some() has gathered.
  std::string take_received() { return std::exchange(received_, {}); }

  /// One more piece of bytes; false at the end, a reset or after ten seconds.
  bool receive_some() {
    char bytes[65536];
    const ssize_t count = ::recv(fd(), bytes, sizeof bytes, 0);
    if (count <= 0) return false;
    received_.append(bytes, static_cast<std::size_t>(count));
    return true;
  }

  /// The next answer, of a request that was not HEAD unless told so.
  RawAnswer receive(bool is_head = false) {
    RawAnswer answer;
    while (received_.find("\r\n\r\n") == std::string::npos) {
      if (!receive_some()) return answer;
    }
    const std::size_t end = received_.find("\r\n\r\n") + 4;
    answer.head = received_.substr(0, end);
    received_.erase(0, end);
    parse_head(answer);
    if (is_head || answer.status < 200 || answer.status == 204 || answer.status == 304) {
      answer.is_whole = true;
    } else if (answer.field("transfer-encoding") == "chunked") {
      receive_chunked(answer);
    } else if (answer.fields.contains("content-length")) {
      const std::size_t length = std::stoull(answer.field("content-length"));
      while (received_.size() < length && receive_some()) {
      }
      answer.is_whole = received_.size() >= length;
      answer.body = received_.substr(0, length);
      received_.erase(0, length);
    } else {
      while (receive_some()) {
      }
      answer.is_whole = true;
      answer.body = std::exchange(received_, {});
    }
    return answer;
  }

  RawAnswer ask(std::string_view request) {
    send(request);
    return receive(request.starts_with("HEAD"));
  }

  /// True if the server ends the connection (and sends nothing more) within ten seconds.
  bool is_closed_by_server() {
    char byte = 0;
    const ssize_t count = ::recv(fd(), &byte, 1, 0);
    return received_.empty() && (count == 0 || (count < 0 && errno != EAGAIN));
  }

 private:
  void connect_to(int family, const sockaddr* where, socklen_t size) {
    socket_ = UniqueFd(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0));
    be_patient();
    is_connected_ = ::connect(fd(), where, size) == 0;
  }

  void be_patient() const {
    const timeval patience{10, 0};
    ::setsockopt(fd(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    ::setsockopt(fd(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  }

  static void parse_head(RawAnswer& answer) {
    std::string_view text = answer.head;
    std::from_chars(text.data() + 9, text.data() + 12, answer.status);
    text.remove_prefix(text.find("\r\n") + 2);
    while (text != "\r\n") {
      const std::size_t end = text.find("\r\n");
      const std::string_view line = text.substr(0, end);
      text.remove_prefix(end + 2);
      const std::size_t colon = line.find(": ");
      std::string name(line.substr(0, colon));
      for (char& c : name) c = static_cast<char>(std::tolower(c));
      EXPECT_TRUE(answer.fields.emplace(name, line.substr(colon + 2)).second) << "twice: " << name;
    }
  }

  void receive_chunked(RawAnswer& answer) {
    for (;;) {
      while (received_.find("\r\n") == std::string::npos) {
        if (!receive_some()) return;
      }
      std::size_t size = 0;
      std::from_chars(received_.data(), received_.data() + received_.size(), size, 16);
      received_.erase(0, received_.find("\r\n") + 2);
      while (received_.size() < size + 2) {
        if (!receive_some()) return;
      }
      answer.body += received_.substr(0, size);
      received_.erase(0, size + 2);
      if (size > 0) continue;
      answer.is_whole = true;
      return;
    }
  }

  UniqueFd socket_;
  std::string received_;
  bool is_connected_ = false;
};

/// What the tests ask for. Threading: handlers on loops, everything else on the test's thread.
struct TestSite {
  std::shared_ptr<const UniqueFd> file;
  std::uint64_t file_size = 0;
  std::atomic<bool> is_gate_open{false};
  std::atomic<int> at_gate{0};
  std::atomic<int> calls{0};
  std::mutex mutex;
  std::vector<AccessRecord> records;  ///< guarded by mutex
};

class WordStream final : public ByteReader {
 public:
  explicit WordStream(bool breaks) : breaks_(breaks) {}
  Task<std::size_t> read(std::span<std::byte> into) override {
    if (count_ == 3 && breaks_) throw Failure(FailureKind::storage, "the disk died");
    if (count_ == 3) co_return 0;
    ++count_;
    std::memcpy(into.data(), "word ", 5);
    co_return 5;
  }

 private:
  bool breaks_;
  int count_ = 0;
};

inline Task<std::string> read_body(Request& request) {
  std::string body;
  std::byte bytes[100'000];
  for (;;) {
    const std::size_t count = co_await request.body->read(bytes);
    if (count == 0) co_return body;
    body.append(reinterpret_cast<const char*>(bytes), count);
  }
}

inline Task<> wait_at_gate(TestSite& site) {
  ++site.at_gate;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (!site.is_gate_open) {
    timer.expires_after(std::chrono::milliseconds(5));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  --site.at_gate;
}

inline Task<Response> handle(TestSite& site, Request& request) {
  ++site.calls;
  const std::string name = request.path.segments.empty() ? "" : request.path.segments[0];
  if (name == "echo") {
    std::string body = co_await read_body(request);
    co_return Response::text(200, "text/plain", std::move(body));
  }
  if (name == "count") {
    const std::string body = co_await read_body(request);
    co_return Response::text(200, "text/plain", std::to_string(body.size()));
  }
  if (name == "early") co_return Response::text(401, "text/plain", "log in first\n");
  if (name == "status") co_return Response::empty(static_cast<unsigned>(std::stoul(request.path.segments[1])));
  if (name == "gate") {
    co_await wait_at_gate(site);
    co_return Response::text(200, "text/plain", "passed");
  }
  if (name == "file" || name == "short") {
    const std::uint64_t promised = name == "short" ? site.file_size + 1000 : site.file_size;
    Response response;
    response.body = BodyPieces{SharedBytes("<"), FileRegion{site.file, 0, promised}, SharedBytes(">")};
    co_return response;
  }
  if (name == "stream" || name == "broken") {
    Response response;
    response.body = BodyStream(std::make_unique<WordStream>(name == "broken"));
    co_return response;
  }
  if (name == "sized") {
    Response response = Response::empty(200);
    response.head_length = 12345;
    co_return response;
  }
  if (name == "split") {
    Response response = Response::empty(200);
    response.headers.add("Location", "/x\r\nSet-Cookie: evil");
    co_return response;
  }
  if (name == "throw") throw Failure(FailureKind::metadata, "the database is gone");
  if (name == "full") throw Failure(FailureKind::overloaded, "the queue is full");
  co_return Response::text(200, "text/plain", "hello");
}

/// A server that runs until the end of the test.
class ServerTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options_.listeners = {{.address = "127.0.0.1:0"}};
    options_.loop_count = 2;
  }
  void TearDown() override {
    site_.is_gate_open = true;
    server_.reset();
  }

  void start() {
    server_ = std::make_unique<Server>(
        options_, [this](Request& request) { return handle(site_, request); },
        [this](const AccessRecord& record) {
          const std::lock_guard lock(site_.mutex);
          site_.records.push_back(record);
        },
        *log_, metrics_, quick_);
    server_->start();
    address_ = server_->bound_addresses().at(0);
  }

  RawClient client() {
    if (!server_) start();
    return RawClient(address_);
  }

  /// Waits for something that happens beside the test; false after ten seconds.
  template <class Condition>
  static bool eventually(Condition condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  std::size_t record_count() {
    const std::lock_guard lock(site_.mutex);
    return site_.records.size();
  }
  AccessRecord last_record() {
    const std::lock_guard lock(site_.mutex);
    return site_.records.back();
  }
  std::uint64_t counter(std::string_view name, MetricLabels labels = {}) {
    return metrics_.counter(name, "", std::move(labels)).value();
  }

  std::unique_ptr<Log> log_ = make_silent_log();
  Metrics metrics_;
  TestSite site_;
  QuickHandler quick_ = {};  ///< of the server that start() makes
  ServerOptions options_;
  std::unique_ptr<Server> server_;
  std::string address_;
};

inline std::string get(std::string_view path, std::string_view lines = "") {
  return fmt::format("GET {} HTTP/1.1\r\nHost: h\r\n{}\r\n", path, lines);
}

inline std::string post(std::string_view path, std::string_view body, std::string_view lines = "") {
  return fmt::format("POST {} HTTP/1.1\r\nHost: h\r\nContent-Length: {}\r\n{}\r\n{}", path, body.size(), lines, body);
}

/// A file of `size` bytes that count up, already unlinked.
inline std::shared_ptr<const UniqueFd> counting_file(std::size_t size) {
  std::string content(size, '\0');
  for (std::size_t i = 0; i < size; ++i) content[i] = static_cast<char>(i * 7 + i / 251);
  const int fd = ::memfd_create("counting", MFD_CLOEXEC);
  EXPECT_EQ(::write(fd, content.data(), content.size()), static_cast<ssize_t>(size));
  return std::make_shared<const UniqueFd>(UniqueFd(fd));
}

inline std::string content_of(const UniqueFd& file, std::size_t size) {
  std::string content(size, '\0');
  EXPECT_EQ(::pread(file.get(), content.data(), size, 0), static_cast<ssize_t>(size));
  return content;
}

}  // namespace berth::http
