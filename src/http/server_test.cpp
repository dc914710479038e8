#include "http/server.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>

#include "http/server_test_support.h"
#include "tests/support/temporary_directory.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

std::string failure_of(Server& server) {
  try {
    server.start();
  } catch (const Failure& failure) {
    return failure.what();
  }
  return "(started)";
}

class Limits : public ServerTest {
 protected:
  std::uint64_t timeouts(const char* phase) { return counter("berth_http_timeouts_total", {{"phase", phase}}); }
};

TEST_F(Limits, EndsAHeadThatNeverEnds) {
  options_.limits.header_time = 300ms;
  RawClient client = this->client();
  const auto started = std::chrono::steady_clock::now();
  client.send("GET / HTTP/1.1\r\nHost: h\r\n");
  // A line every now and then does not buy more time.
  while (std::chrono::steady_clock::now() - started < 250ms) {
    client.send("A: b\r\n");
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(client.receive().status, 408U);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_GE(std::chrono::steady_clock::now() - started, 300ms);
  EXPECT_EQ(timeouts("header"), 1U);
}

TEST_F(Limits, EndsAnIdleConnectionWithoutAWord) {
  options_.limits.idle_time = 200ms;
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/")).status, 200U);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(timeouts("idle"), 1U);
}

TEST_F(Limits, EndsABodyThatStandsStill) {
  options_.limits.body_stall_time = 200ms;
  RawClient client = this->client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.receive().status, 408U);
  EXPECT_TRUE(client.is_closed_by_server());
  EXPECT_EQ(timeouts("body"), 1U);
}

TEST_F(Limits, EndsABodyThatTrickles) {
  options_.limits.progress_window = 300ms;
  options_.limits.minimum_bytes_per_second = 1000;
  RawClient client = this->client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 1000000\r\n\r\n");
  for (int i = 0; i < 200; ++i) {
    if (!client.send("x")) break;
    std::this_thread::sleep_for(10ms);
    if (timeouts("body") > 0) break;
  }
  EXPECT_EQ(client.receive().status, 408U);
}

TEST_F(Limits, LetsASlowUploadLive) {
  options_.limits.progress_window = 500ms;
  options_.limits.minimum_bytes_per_second = 10;  // far below what is sent: a busy machine stalls a client for a while
  options_.limits.body_stall_time = 2000ms;
  options_.limits.header_time = 300ms;
  options_.limits.idle_time = 300ms;
  RawClient client = this->client();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 800\r\n\r\n");
  for (int i = 0; i < 40; ++i) {
    client.send(std::string(20, 'x'));
    std::this_thread::sleep_for(30ms);
  }
  EXPECT_EQ(client.receive().body.size(), 800U);
}

TEST_F(Limits, EndsAnAnswerThatNobodyTakes) {
  options_.limits.write_stall_time = 300ms;
  site_.file_size = 64 * 1024 * 1024;
  site_.file = counting_file(site_.file_size);
  RawClient client = this->client();
  client.send(get("/file"));
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_FALSE(last_record().is_complete);
  EXPECT_EQ(timeouts("write"), 1U);
}

TEST_F(Limits, AnswersConnectionsBeyondTheLimit) {
  options_.limits.connection_count = 2;
  RawClient first = client();
  RawClient second = client();
  EXPECT_EQ(first.ask(get("/")).status, 200U);
  EXPECT_EQ(second.ask(get("/")).status, 200U);
  RawClient third = client();
  const RawAnswer refused = third.ask(get("/"));
  EXPECT_EQ(refused.status, 503U);
  EXPECT_EQ(refused.field("retry-after"), "1");
  EXPECT_TRUE(third.is_closed_by_server());
  EXPECT_EQ(counter("berth_http_connections_refused_total"), 1U);
  EXPECT_EQ(first.ask(get("/")).status, 200U);
}

using Listening = ServerTest;

TEST_F(Listening, SharesConnectionsBetweenTheLoops) {
  options_.loop_count = 3;
  start();
  std::vector<RawClient> clients;
  for (int i = 0; i < 9; ++i) clients.push_back(client());
  for (RawClient& each : clients) EXPECT_EQ(each.ask(get("/")).status, 200U);
  EXPECT_EQ(metrics_.gauge("berth_http_connections", "").value(), 9);
  EXPECT_EQ(counter("berth_http_connections_accepted_total"), 9U);
}

TEST_F(Listening, KnowsHowBusyClientsKeepIt) {
  RawClient client = this->client();
  EXPECT_EQ(client.ask(get("/")).status, 200U);
  const std::chrono::nanoseconds before = server_->busy_time();
  EXPECT_GT(before, 0ns);
  for (int i = 0; i < 300; ++i) client.ask(get("/"));
  EXPECT_GT(server_->busy_time() - before, 300us) << "a request costs some microseconds";
}

TEST_F(Listening, SaysThatAPortIsBusy) {
  start();
  ServerOptions second = options_;
  second.listeners[0].address = address_;
  Server server(second, [this](Request& request) { return handle(site_, request); }, {}, *log_, metrics_);
  EXPECT_EQ(failure_of(server), "cannot listen on " + address_ + ": Address already in use");
}

TEST_F(Listening, SaysWhatIsWrongWithAnAddress) {
  for (const char* address : {"5000", "localhost:no-such-service", "::1:5000", "256.0.0.1:0"}) {
    ServerOptions options;
    options.listeners = {{.address = address}};
    Server server(options, [this](Request& request) { return handle(site_, request); }, {}, *log_, metrics_);
    EXPECT_THAT(failure_of(server), HasSubstr(fmt::format("cannot listen on {}: ", address)));
  }
}

TEST_F(Listening, ListensOnAllAddresses) {
  options_.listeners = {{.address = ":0"}, {.address = "localhost:0"}};
  start();
  EXPECT_EQ(client().ask(get("/")).status, 200U);
  address_ = server_->bound_addresses().at(1);
  EXPECT_THAT(address_, HasSubstr("127.0.0.1:"));
  EXPECT_EQ(client().ask(get("/")).status, 200U);
}

TEST_F(Listening, ServesAUnixSocketAndCleansUp) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "berth.sock").string();
  options_.listeners = {{.address = path, .is_unix = true}};
  start();
  EXPECT_EQ(address_, path);
  site_.file = counting_file(100'000);
  site_.file_size = 100'000;
  EXPECT_EQ(client().ask(get("/file")).body.size(), 100'002U);
  ASSERT_TRUE(eventually([this] { return record_count() == 1; }));
  EXPECT_EQ(last_record().peer_address, "unix");

  ServerOptions second = options_;
  Server server(second, [this](Request& request) { return handle(site_, request); }, {}, *log_, metrics_);
  EXPECT_EQ(failure_of(server), "cannot listen on " + path + ": Address already in use");
  EXPECT_TRUE(server_->drain(1s));
  EXPECT_FALSE(std::filesystem::exists(path));
}

TEST_F(Listening, TakesOverAUnixSocketThatNobodyServes) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "berth.sock").string();
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  std::memcpy(where.sun_path, path.data(), path.size());
  {
    const UniqueFd stale(::socket(AF_UNIX, SOCK_STREAM, 0));
    ASSERT_EQ(::bind(stale.get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  }
  ASSERT_TRUE(std::filesystem::exists(path));
  options_.listeners = {{.address = path, .is_unix = true}};
  EXPECT_EQ(client().ask(get("/")).status, 200U);
}

TEST_F(Listening, LeavesAnotherFileAlone) {
  const TemporaryDirectory directory;
  const std::string path = (directory.path() / "file").string();
  const UniqueFd file(::open(path.c_str(), O_CREAT | O_WRONLY, 0600));
  options_.listeners = {{.address = path, .is_unix = true}};
  Server server(options_, [this](Request& request) { return handle(site_, request); }, {}, *log_, metrics_);
  EXPECT_THAT(failure_of(server), HasSubstr("is not a socket"));
  EXPECT_TRUE(std::filesystem::exists(path));
}

TEST_F(Listening, ServesAnInheritedSocket) {
  auto inherited = std::make_shared<UniqueFd>(::socket(AF_INET, SOCK_STREAM, 0));
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(::bind(inherited->get(), reinterpret_cast<const sockaddr*>(&where), sizeof where), 0);
  options_.listeners = {{.address = "from systemd", .inherited = inherited}};
  {
    Server server(options_, [this](Request& request) { return handle(site_, request); }, {}, *log_, metrics_);
    EXPECT_EQ(failure_of(server), "cannot listen on from systemd: the inherited socket does not listen");
  }
  ASSERT_EQ(::listen(inherited->get(), 10), 0);
  EXPECT_EQ(client().ask(get("/")).status, 200U);
}

TEST_F(Listening, WaitsOutWantOfDescriptors) {
  start();
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{256, before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::vector<UniqueFd> all;
  for (int fd = ::dup(0); fd >= 0; fd = ::dup(0)) all.emplace_back(fd);
  all.pop_back();  // for the client: its connection waits in the kernel's queue
  RawClient client = this->client();
  EXPECT_TRUE(client.is_connected());
  EXPECT_TRUE(eventually([this] { return counter("berth_http_accept_errors_total") > 0; }));
  all.clear();
  EXPECT_EQ(client.ask(get("/")).status, 200U);
  ::setrlimit(RLIMIT_NOFILE, &before);
}

using Drain = ServerTest;

TEST_F(Drain, EndsIdleConnectionsAtOnce) {
  RawClient idle = client();
  EXPECT_EQ(idle.ask(get("/")).status, 200U);
  RawClient fresh = client();
  ASSERT_TRUE(eventually([this] { return counter("berth_http_connections_accepted_total") == 2; }));
  EXPECT_TRUE(server_->drain(10s));
  EXPECT_TRUE(idle.is_closed_by_server());
  EXPECT_TRUE(fresh.is_closed_by_server());
  EXPECT_FALSE(client().is_connected());
}

TEST_F(Drain, LetsRequestsEnd) {
  RawClient busy = client();
  busy.send(get("/gate"));
  ASSERT_TRUE(eventually([this] { return site_.at_gate == 1; }));
  std::thread opener([this] {
    std::this_thread::sleep_for(100ms);
    site_.is_gate_open = true;
  });
  EXPECT_TRUE(server_->drain(10s));
  opener.join();
  const RawAnswer answer = busy.receive();
  EXPECT_EQ(answer.body, "passed");
  EXPECT_EQ(answer.field("connection"), "close");
}

TEST_F(Drain, CutsWhatTakesTooLong) {
  RawClient busy = client();
  busy.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 10\r\n\r\nabc");
  ASSERT_TRUE(eventually([this] { return site_.calls == 1; }));
  EXPECT_FALSE(server_->drain(50ms));
  EXPECT_EQ(busy.receive().status, 0U);
}

TEST_F(Drain, HasNothingToDoBeforeTheStart) {
  Server server(options_, [this](Request& request) { return handle(site_, request); }, {}, *log_, metrics_);
  EXPECT_TRUE(server.drain(0s));
}

}  // namespace
}  // namespace berth::http
