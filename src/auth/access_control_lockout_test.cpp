// Who fails too often waits, whatever is remembered and whoever checks passwords.
#include <gtest/gtest.h>

#include "auth/access_control.h"
#include "content/base64.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using Outcome = Authentication::Outcome;

/// Takes one password, whoever has it.
class OnePassword final : public Authenticator {
 public:
  Task<Authentication> authenticate(Credentials credentials) override {
    ++asked;
    const auto* basic = std::get_if<BasicCredentials>(&credentials.what);
    if (basic == nullptr) co_return Authentication::refuse("the token is out of date");
    if (basic->password == "expired") {
      Authentication refused = Authentication::refuse("has expired");
      refused.was_guess = false;
      co_return refused;
    }
    if (basic->password != "right") co_return Authentication::refuse("the password is wrong");
    co_return Authentication::accept(std::make_shared<Identity>(
        Identity{.kind = IdentityKind::user, .name = basic->user, .proof = Proof::password}));
  }

  unsigned asked = 0;
};

class AccessLockout : public testing::Test {
 protected:
  static std::string field(std::string_view user, std::string_view password) {
    const std::string pair = std::string(user) + ":" + std::string(password);
    return "Basic " + to_base64(std::as_bytes(std::span(pair)));
  }
  Authentication log_in(std::string_view user, std::string_view password, std::string address = "10.0.0.1:1") {
    return run_task(access_.check_field(field(user, password), std::move(address)));
  }
  void fail(unsigned times, const std::string& address = "10.0.0.1:1") {
    for (unsigned i = 0; i < times; ++i) log_in("alice", "wrong " + std::to_string(i), address);
  }

  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  OnePassword authenticator_;
  CredentialCache cache_{{}, clock_, entropy_, metrics_};
  Lockout lockout_{{.account_failures = 3, .address_failures = 5, .first_wait = 10s}, clock_, entropy_, metrics_};
  AccessControl access_{{&authenticator_}, cache_, AccessPolicy::compile({}), &lockout_};
};

}  // namespace

TEST_F(AccessLockout, ALockedAccountIsNotEvenLookedAt) {
  fail(3);
  const unsigned asked = authenticator_.asked;
  const Authentication blocked = log_in("alice", "right", "10.0.0.2:1");
  EXPECT_EQ(blocked.outcome, Outcome::blocked);
  EXPECT_EQ(blocked.retry_after, 10s);
  EXPECT_EQ(blocked.claimed_name, "alice");
  EXPECT_EQ(authenticator_.asked, asked);
  EXPECT_EQ(log_in("bob", "right", "10.0.0.2:1").outcome, Outcome::accepted);
  clock_.advance(10s);
  EXPECT_EQ(log_in("alice", "right", "10.0.0.2:1").outcome, Outcome::accepted);
}

TEST_F(AccessLockout, APortIsNoOtherAddress) {
  for (int i = 0; i < 5; ++i) {
    log_in("user" + std::to_string(i), "wrong",
           "[2001:db8::" + std::to_string(i + 1) + "]:" + std::to_string(1000 + i));
  }
  EXPECT_EQ(log_in("somebody", "right", "[2001:db8::99]:7").outcome, Outcome::blocked) << "one /64";
}

TEST_F(AccessLockout, WhatIsRememberedHelpsNobodyWhoGuesses) {
  EXPECT_EQ(log_in("alice", "right", "10.0.0.9:1").outcome, Outcome::accepted);
  EXPECT_TRUE(access_.known_by_field(field("alice", "right")));
  fail(3, "66.6.6.6:1");
  EXPECT_FALSE(access_.known_by_field(field("alice", "right"))) << "has to come the long way, which knows the address";
  EXPECT_EQ(log_in("alice", "right", "66.6.6.6:1").outcome, Outcome::blocked);
  const unsigned asked = authenticator_.asked;
  EXPECT_EQ(log_in("alice", "right", "10.0.0.9:2").outcome, Outcome::accepted) << "from where she has logged in before";
  EXPECT_EQ(authenticator_.asked, asked) << "and without computing it again";
  clock_.advance(10s);
  EXPECT_TRUE(access_.known_by_field(field("alice", "right")));
}

TEST_F(AccessLockout, TokensAndExpiredSecretsAreNoGuesses) {
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(run_task(access_.check_field("Bearer x" + std::to_string(i), "10.0.0.1:1")).outcome, Outcome::refused);
    EXPECT_EQ(log_in("alice", "expired").outcome, Outcome::refused);
  }
  EXPECT_FALSE(lockout_.somebody_waits());
}

TEST_F(AccessLockout, PasswordsThatComeAnotherWayCountToo) {
  for (int i = 0; i < 3; ++i) {
    run_task(
        access_.check({.what = BasicCredentials{.user = "alice", .password = "wrong"}, .peer_address = "10.0.0.1:1"}));
  }
  EXPECT_EQ(run_task(access_.check({.what = BasicCredentials{.user = "alice", .password = "right"},
                                    .peer_address = "10.0.0.1:1"}))
                .outcome,
            Outcome::blocked);
}

}  // namespace berth
