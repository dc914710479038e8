// Connections that go on on another loop between two requests, over real sockets.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <thread>

#include "http/response_head.h"
#include "http/server_test_support.h"

namespace berth::http {
namespace {

using namespace std::chrono_literals;

/// Each time a loop looks, all that is active goes on on the next.
class Carousel final : public LoopBalance {
 public:
  explicit Carousel(std::size_t loop_count) : loop_count_(loop_count) {}
  std::optional<LoopMove> look(std::size_t loop, double, Time) override {
    return LoopMove{.to = (loop + 1) % loop_count_, .is_half = false};
  }
  void rest(std::size_t) override {}

 private:
  const std::size_t loop_count_;
};

class LoopMoves : public ServerTest {
 protected:
  void SetUp() override {
    ServerTest::SetUp();
    options_.loop_count = 3;
    options_.balance = std::make_shared<Carousel>(options_.loop_count);
    for (int i = 0; i < 10; ++i) {
      Response response;
      response.body = BodyPieces{SharedBytes("quick " + std::to_string(i))};
      prepared_["/" + std::to_string(i)] = std::make_shared<const PreparedAnswer>(prepare_answer(response).value());
    }
    quick_ = [this](const RequestView& request) { return find(request); };
    start();
  }

  QuickAnswer find(const RequestView& request) {
    const auto found = prepared_.find(request.target);
    return found == prepared_.end() ? QuickAnswer{} : QuickAnswer{.prepared = found->second};
  }

  std::uint64_t moves() { return counter("berth_http_connections_moved_total"); }

  std::map<std::string, std::shared_ptr<const PreparedAnswer>, std::less<>> prepared_;
};

TEST_F(LoopMoves, AnswersComeWholeAndInOrderOnTheWay) {
  std::atomic<bool> ends = false;
  std::vector<std::thread> clients;
  for (int n = 0; n < 4; ++n) {
    clients.emplace_back([&, n] {
      RawClient client(address_);
      for (int i = n; !ends; ++i) {
        const std::string number = std::to_string(i % 10);
        switch (i % 2000 == 2 ? 2 : i % 2) {
          case 0:  // one alone
            ASSERT_EQ(client.ask(get("/" + number)).body, "quick " + number);
            break;
          case 1:  // several at once, and one the long way among them
            client.send(get("/" + number) + post("/echo", number) + get("/" + number));
            ASSERT_EQ(client.receive().body, "quick " + number);
            ASSERT_EQ(client.receive().body, number);
            ASSERT_EQ(client.receive().body, "quick " + number);
            break;
          default: {  // a head in two pieces
            const std::string head = get("/" + number);
            client.send(head.substr(0, head.size() / 2));
            std::this_thread::sleep_for(120ms);
            client.send(head.substr(head.size() / 2));
            ASSERT_EQ(client.receive().body, "quick " + number);
          }
        }
      }
    });
  }
  EXPECT_TRUE(eventually([&] { return moves() >= 40; }));
  ends = true;
  for (std::thread& client : clients) client.join();
  EXPECT_EQ(counter("berth_http_connections_accepted_total"), 4U);
  EXPECT_TRUE(eventually([&] { return metrics_.gauge("berth_http_connections", "").value() == 0; }));
}

TEST_F(LoopMoves, WhatIsNotActiveStays) {
  RawClient client(address_);
  EXPECT_EQ(client.ask(get("/1")).body, "quick 1");
  std::this_thread::sleep_for(500ms);
  const std::uint64_t before = moves();
  EXPECT_LE(before, 2U) << "once or twice after its request, and not again";
  std::this_thread::sleep_for(500ms);
  EXPECT_EQ(moves(), before);
  EXPECT_EQ(client.ask(get("/2")).body, "quick 2");
}

TEST_F(LoopMoves, TheLimitsOfAConnectionMoveWithIt) {
  server_.reset();
  options_.limits.requests_per_connection = 50;
  options_.limits.idle_time = 700ms;
  start();
  RawClient client(address_);
  for (int i = 0; i < 49; ++i) {
    ASSERT_EQ(client.ask(get("/3")).body, "quick 3") << i;
    std::this_thread::sleep_for(10ms);
  }
  EXPECT_GT(moves(), 0U);
  EXPECT_EQ(client.ask(get("/3")).field("connection"), "close");
  RawClient idle(address_);
  EXPECT_EQ(idle.ask(get("/3")).status, 200U);
  EXPECT_TRUE(idle.is_closed_by_server());
}

TEST_F(LoopMoves, ADrainFindsThemWhereverTheyAre) {
  std::vector<std::thread> clients;
  std::atomic<int> answered = 0;
  for (int n = 0; n < 8; ++n) {
    clients.emplace_back([&] {
      RawClient client(address_);
      while (client.send(get("/5")) && client.receive().status == 200) ++answered;
    });
  }
  EXPECT_TRUE(eventually([&] { return moves() >= 16; }));
  EXPECT_TRUE(server_->drain(5s));
  for (std::thread& client : clients) client.join();
  EXPECT_GT(answered, 0);
  EXPECT_EQ(metrics_.gauge("berth_http_connections", "").value(), 0);
}

}  // namespace
}  // namespace berth::http
