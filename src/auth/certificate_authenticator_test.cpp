#include "auth/certificate_authenticator.h"

#include <gtest/gtest.h>

#include "tests/support/run_task.h"

namespace berth {
namespace {

class OneUser final : public UserDirectory {
 public:
  Task<std::optional<KnownUser>> find_user(std::string name) override {
    if (name != "alice") co_return std::nullopt;
    Identity who{
        .kind = IdentityKind::user, .name = name, .groups = {"ops"}, .proof = Proof::password, .can_refresh = true};
    co_return KnownUser{
        .identity = std::make_shared<const Identity>(std::move(who)), .stamp = "1", .is_disabled = is_disabled};
  }
  bool is_disabled = false;
};

class CertificateAuthenticatorTest : public testing::Test {
 protected:
  Authentication show(const std::string& name) {
    return run_task(certificates_.authenticate({.what = CertificateCredentials{.name = name}}));
  }
  OneUser users_;
  CertificateAuthenticator certificates_{{&users_}};
};

TEST_F(CertificateAuthenticatorTest, TakesAKnownUsersGroups) {
  const Authentication found = show("alice");
  ASSERT_EQ(found.outcome, Authentication::Outcome::accepted);
  EXPECT_EQ(found.identity->name, "alice");
  EXPECT_EQ(found.identity->groups, std::vector<std::string>{"ops"});
  EXPECT_EQ(found.identity->proof, Proof::certificate);
  EXPECT_FALSE(found.identity->can_refresh) << "a refresh token stands for a password";
}

TEST_F(CertificateAuthenticatorTest, TheAuthorityVouchesForTheOthers) {
  const Authentication found = show("bob");
  ASSERT_EQ(found.outcome, Authentication::Outcome::accepted);
  EXPECT_EQ(found.identity->name, "bob");
  EXPECT_TRUE(found.identity->groups.empty());
}

TEST_F(CertificateAuthenticatorTest, KeepsOutWhoIsDisabled) {
  users_.is_disabled = true;
  EXPECT_EQ(show("alice").outcome, Authentication::Outcome::refused);
}

TEST_F(CertificateAuthenticatorTest, LeavesOtherCredentialsToOthers) {
  EXPECT_EQ(run_task(certificates_.authenticate({.what = BearerCredentials{.token = "x"}})).outcome,
            Authentication::Outcome::unknown);
}

}  // namespace
}  // namespace berth
