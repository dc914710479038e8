#include "auth/token/token_authenticator.h"

#include <gtest/gtest.h>

#include <fstream>

#include "auth/token/token_fixture.h"
#include "base/failure.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

class TokenAuthenticatorTest : public testing::Test {
 protected:
  void write(const std::string& name, const std::string& text) { std::ofstream(directory_.file(name)) << text; }
  TokenAuthenticator open() {
    return {{.bundle_file = directory_.file("root.pem"),
             .jwks_file = {},
             .expected = {.issuer = "auth", .service = "registry"}},
            cache_,
            clock_,
            *log_};
  }
  Authentication check(TokenAuthenticator& tokens, const TestKey& key, int lifetime_seconds = 300) {
    const auto now = std::chrono::floor<std::chrono::seconds>(clock_.now()).time_since_epoch().count();
    const std::string claims =
        R"("iss":"auth","aud":"registry","sub":"alice","exp":)" + std::to_string(now + lifetime_seconds);
    const std::string token = make_token("ES256", key.get(), "", claims);
    return run_task(tokens.authenticate({.what = BearerCredentials{.token = token}}));
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  CredentialCache cache_{{}, clock_, entropy_, metrics_};
  std::unique_ptr<Log> log_ = make_silent_log();
  TestKey key_ = TestKey::ec();
  TestKey next_ = TestKey::ec();
};

TEST_F(TokenAuthenticatorTest, KnowsWhoTheTokenIsAbout) {
  write("root.pem", key_.public_pem());
  TokenAuthenticator tokens = open();
  const Authentication alice = check(tokens, key_);
  ASSERT_EQ(alice.outcome, Authentication::Outcome::accepted);
  EXPECT_EQ(alice.identity->name, "alice");
  EXPECT_EQ(alice.good_until, clock_.now() + std::chrono::seconds(360)) << "its end, and the leeway";
  const Authentication expired = check(tokens, key_, -100);
  EXPECT_EQ(expired.outcome, Authentication::Outcome::refused);
  EXPECT_EQ(expired.reason, "it has expired");
  const Credentials basic{.what = BasicCredentials{.user = "alice", .password = "x"}};
  EXPECT_EQ(run_task(tokens.authenticate(basic)).outcome, Authentication::Outcome::unknown);
}

TEST_F(TokenAuthenticatorTest, TakesNewKeysIn) {
  write("root.pem", key_.public_pem());
  TokenAuthenticator tokens = open();
  const CredentialCache::Key kept = cache_.key_of_field("Bearer x");
  cache_.keep(kept, check(tokens, key_).identity, WallTime::max(), cache_.stamp());
  write("root.pem", "nonsense");
  tokens.look_again_blocking();
  EXPECT_EQ(check(tokens, key_).outcome, Authentication::Outcome::accepted) << "a file that is wrong changes nothing";
  EXPECT_NE(cache_.find(kept), nullptr);
  write("root.pem", next_.public_pem());
  tokens.look_again_blocking();
  EXPECT_EQ(check(tokens, key_).outcome, Authentication::Outcome::refused);
  EXPECT_EQ(check(tokens, next_).outcome, Authentication::Outcome::accepted);
  EXPECT_EQ(cache_.find(kept), nullptr) << "what the old key signed is forgotten";
}

TEST_F(TokenAuthenticatorTest, DoesNotStartWithoutKeys) {
  EXPECT_THROW(open(), Failure);
  write("root.pem", "");
  EXPECT_THROW(open(), Failure);
}

}  // namespace
}  // namespace berth
