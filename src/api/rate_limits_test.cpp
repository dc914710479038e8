#include "api/rate_limits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/local/local_budgets.h"
#include "content/media_type.h"
#include "tests/support/manual_clock.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

constexpr BudgetLimit kTwo{.units = 2, .window = 60s};

class RateLimitsTest : public testing::Test {
 protected:
  RateLimits& limits() {
    if (!limits_) limits_ = std::make_unique<RateLimits>(options_, budgets_, metrics_);
    return *limits_;
  }
  static RateOwner from(std::string_view address, std::string_view repository = {}) {
    return {.address = IpAddress::parse(address), .repository = repository};
  }
  static RateOwner user(std::string_view name, std::string_view repository = {}) {
    return {.kind = IdentityKind::user, .name = name, .repository = repository};
  }
  static http::Response manifest(std::string type = std::string(media_type::kOciManifest)) {
    return http::Response::text(200, std::move(type), "{}");
  }
  /// A whole request; what it was refused for, or "" and the answer.
  std::string ask(const RateOwner& owner, PullCount pull, http::Response answer = manifest()) {
    if (const std::optional<RateRefusal> refusal = limits().admit(owner, pull)) {
      answer_ = limits().refuse(owner, *refusal);
      return std::string(refusal->what) + " of " + std::string(refusal->owner_kind);
    }
    answer_ = std::move(answer);
    std::uint64_t body_bytes = 0;
    for (const ByteSource& piece : std::get<http::BodyPieces>(answer_.body)) body_bytes += piece.size();
    limits().settle(owner, pull, body_bytes, answer_);
    return "";
  }
  std::string field(std::string_view name) { return std::string(answer_.headers.find(name).value_or("none")); }

  RateLimitOptions options_;
  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  LocalBudgets budgets_{1000, clock_, entropy_, metrics_};
  std::unique_ptr<RateLimits> limits_;
  http::Response answer_;
};

}  // namespace

TEST_F(RateLimitsTest, AreOffUnlessTheyAreSet) {
  EXPECT_FALSE(limits().is_on());
  options_.robot.bytes = kTwo;
  limits_.reset();
  EXPECT_TRUE(limits().is_on());
}

TEST_F(RateLimitsTest, RequestsAreCountedForEachAddress) {
  options_.anonymous.requests = kTwo;
  EXPECT_EQ(ask(from("10.0.0.1"), PullCount::none), "");
  EXPECT_EQ(ask(from("10.0.0.1"), PullCount::none), "");
  EXPECT_EQ(ask(from("10.0.0.1"), PullCount::none), "requests of anonymous");
  EXPECT_EQ(answer_.status, 429U);
  EXPECT_EQ(field("Retry-After"), "61") << "when the minute that saw both is over";
  EXPECT_EQ(field("RateLimit-Policy"), "\"requests\";q=2;w=60");
  EXPECT_EQ(field("RateLimit"), "\"requests\";r=0;t=61");
  EXPECT_EQ(field("RateLimit-Limit"), "none") << "Docker's fields speak of pulls";
  EXPECT_EQ(ask(from("10.0.0.2"), PullCount::none), "");
  EXPECT_EQ(ask(user("alice"), PullCount::none), "") << "who has a name has a budget of his own";
  EXPECT_THAT(metrics_.render(), HasSubstr("berth_rate_limited_total{limit=\"requests\",of=\"anonymous\"} 1"));
}

TEST_F(RateLimitsTest, ASixtyFourIsOneAddress) {
  options_.anonymous.requests = kTwo;
  EXPECT_EQ(ask(from("2001:db8:1:2::1"), PullCount::none), "");
  EXPECT_EQ(ask(from("2001:db8:1:2:ffff::9"), PullCount::none), "");
  EXPECT_EQ(ask(from("2001:db8:1:2::3"), PullCount::none), "requests of anonymous");
  EXPECT_EQ(ask(from("2001:db8:1:3::1"), PullCount::none), "");
}

TEST_F(RateLimitsTest, PullsAreCountedAsDockerHubDoes) {
  options_.anonymous.pulls = {.units = 100, .window = std::chrono::hours(6)};
  const RateOwner client = from("203.0.113.7", "library/alpine");
  EXPECT_EQ(ask(client, PullCount::look), "");
  EXPECT_EQ(field("ratelimit-limit"), "100;w=21600");
  EXPECT_EQ(field("ratelimit-remaining"), "100;w=21600");
  EXPECT_EQ(field("docker-ratelimit-source"), "203.0.113.7");
  EXPECT_EQ(ask(client, PullCount::take, manifest(std::string(media_type::kOciIndex))), "");
  EXPECT_EQ(field("ratelimit-remaining"), "100;w=21600") << "the index alone is no image";
  EXPECT_EQ(ask(client, PullCount::take), "");
  EXPECT_EQ(field("ratelimit-remaining"), "99;w=21600");
  EXPECT_EQ(field("RateLimit-Policy"), "\"pulls\";q=100;w=21600");
  EXPECT_THAT(field("RateLimit"), HasSubstr("\"pulls\";r=99;t="));
  for (const unsigned status : {304U, 404U, 401U}) {
    EXPECT_EQ(ask(client, PullCount::take, http::Response::empty(status)), "");
    EXPECT_EQ(field("ratelimit-remaining"), "99;w=21600") << status;
  }
  for (int i = 0; i < 99; ++i) EXPECT_EQ(ask(client, PullCount::take), "");
  EXPECT_EQ(ask(client, PullCount::take), "pulls of anonymous");
  EXPECT_EQ(field("ratelimit-remaining"), "0;w=21600");
  EXPECT_EQ(field("docker-ratelimit-source"), "203.0.113.7");
  EXPECT_EQ(ask(client, PullCount::look), "") << "looking is never refused";
  EXPECT_EQ(ask(client, PullCount::none), "") << "nor is a blob of what was pulled";
}

TEST_F(RateLimitsTest, BytesAreChargedWhenTheyAreKnown) {
  options_.user.bytes = {.units = 1000, .window = 60s};
  EXPECT_EQ(ask(user("alice"), PullCount::none, http::Response::text(200, "x", std::string(999, 'x'))), "");
  EXPECT_EQ(ask(user("alice"), PullCount::none, http::Response::text(200, "x", std::string(500, 'x'))), "")
      << "something was left";
  EXPECT_EQ(ask(user("alice"), PullCount::none), "bytes of user");
  EXPECT_EQ(ask(user("bob"), PullCount::none), "");
}

TEST_F(RateLimitsTest, ANamespaceIsSharedByAllCallers) {
  options_.name_space.requests = kTwo;
  EXPECT_EQ(ask(user("alice", "team/app"), PullCount::none), "");
  EXPECT_EQ(ask(from("10.0.0.1", "team/other"), PullCount::none), "");
  EXPECT_EQ(ask(user("bob", "team"), PullCount::none), "requests of namespace");
  EXPECT_EQ(ask(user("bob", "teams/app"), PullCount::none), "");
  EXPECT_EQ(ask(user("bob"), PullCount::none), "") << "what is about no repository";
}

TEST_F(RateLimitsTest, ARefusalTakesNothingFromTheOtherBudget) {
  options_.user.requests = {.units = 10, .window = 60s};
  options_.name_space.requests = {.units = 1, .window = 60s};
  EXPECT_EQ(ask(user("alice", "team/app"), PullCount::none), "");
  for (int i = 0; i < 50; ++i) EXPECT_EQ(ask(user("alice", "team/app"), PullCount::none), "requests of namespace");
  EXPECT_EQ(ask(user("alice", "other/app"), PullCount::none), "");
}

TEST_F(RateLimitsTest, AnAnswerThatIsReadyIsHeldToThemToo) {
  options_.anonymous.requests = kTwo;
  options_.anonymous.bytes = {.units = 1000, .window = 60s};
  EXPECT_TRUE(limits().admit_at_once(from("10.0.0.1"), PullCount::take, 10)) << "pulls are not limited";
  EXPECT_TRUE(limits().admit_at_once(from("10.0.0.1"), PullCount::none, 0));
  EXPECT_FALSE(limits().admit_at_once(from("10.0.0.1"), PullCount::none, 0));
  EXPECT_TRUE(limits().admit_at_once(from("10.0.0.2"), PullCount::none, 5000));
  EXPECT_FALSE(limits().admit_at_once(from("10.0.0.2"), PullCount::none, 0));
  options_.anonymous.pulls = kTwo;
  limits_.reset();
  EXPECT_FALSE(limits().admit_at_once(from("10.0.0.3"), PullCount::look, 0)) << "its answer says how many are left";
}

TEST_F(RateLimitsTest, AUnixSocketsPeersAreOne) {
  options_.anonymous.requests = kTwo;
  EXPECT_EQ(ask({}, PullCount::none), "");
  EXPECT_EQ(ask({}, PullCount::none), "");
  EXPECT_EQ(ask({}, PullCount::none), "requests of anonymous");
}

}  // namespace berth
