// Who is let through, also where answers are kept ready: what was made for one caller is not another's.
#include "api/access_gate.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

constexpr const char* kOci = "application/vnd.oci.image.manifest.v1+json";
constexpr const char* kAlice = "Basic YWxpY2U6YQ==";
constexpr const char* kBob = "Basic Ym9iOmI=";

/// alice with the password "a", bob with "b"; counts what it is asked.
class TwoUsers final : public Authenticator {
 public:
  Task<Authentication> authenticate(Credentials credentials) override {
    ++count;
    const auto* basic = std::get_if<BasicCredentials>(&credentials.what);
    if (basic == nullptr) co_return Authentication::not_mine();
    const std::map<std::string, std::string> passwords{{"alice", "a"}, {"bob", "b"}};
    const auto found = passwords.find(basic->user);
    if (found == passwords.end()) co_return Authentication::not_mine();
    if (found->second != basic->password) co_return Authentication::refuse("the password does not match");
    Identity who{.kind = IdentityKind::user, .name = basic->user, .proof = Proof::password};
    co_return Authentication::accept(std::make_shared<const Identity>(std::move(who)));
  }
  int count = 0;
};

class AccessGateTest : public testing::Test {
 protected:
  AccessGateTest() {
    set_rules(
        {rule(RuleEffect::allow, "user:alice", {AccessAction::pull, AccessAction::push, AccessAction::catalog}, "**")});
    EXPECT_EQ(
        client_
            .put("/v2/a/manifests/v1", {.body = image_, .headers = {{"Content-Type", kOci}, {"Authorization", kAlice}}})
            .status,
        201U);
  }

  static AccessRule rule(RuleEffect effect, const char* who, ActionSet actions, const char* repositories) {
    return {.effect = effect,
            .subjects = {AccessSubject::parse(who).value()},
            .actions = actions,
            .repositories = {NamePattern::parse_repository(repositories).value()}};
  }
  void set_rules(std::vector<AccessRule> rules) {
    api_.access.set_policy(AccessPolicy::compile({.rules = std::move(rules)}));
  }
  /// The status; notes whether it was answered at once.
  unsigned get(const std::string& target, const char* authorization = nullptr) {
    const std::size_t before = client_.quick_count();
    last_ = authorization == nullptr ? client_.get(target)
                                     : client_.get(target, {.headers = {{"Authorization", authorization}}});
    is_quick_ = client_.quick_count() > before;
    return last_.status;
  }

  TwoUsers users_;
  ApiInMemory api_{policy_with_deletes(), {}, {&users_}};
  ApiClient& client_ = api_.client;
  const std::string image_ = api_.world.image("a", "layer");
  const std::string manifest_ = "/v2/a/manifests/v1";
  ClientAnswer last_;
  bool is_quick_ = false;
};

TEST_F(AccessGateTest, WhatIsKeptForOneIsNotGivenToAnother) {
  EXPECT_EQ(get(manifest_, kAlice), 200U);
  EXPECT_EQ(get(manifest_, kAlice), 200U);
  EXPECT_TRUE(is_quick_);
  EXPECT_EQ(get(manifest_), 401U);
  EXPECT_FALSE(is_quick_);
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(get(manifest_, kBob), 403U);
    EXPECT_FALSE(is_quick_);
  }
  EXPECT_EQ(get(manifest_, "Basic YWxpY2U6Yg=="), 401U) << "her name, another password";
  EXPECT_EQ(get("/v2/", kAlice), 200U);
  EXPECT_EQ(get("/v2/"), 401U);
}

TEST_F(AccessGateTest, NewRulesHoldForTheNextRequest) {
  get(manifest_, kAlice);
  EXPECT_EQ(get(manifest_, kAlice), 200U);
  set_rules({rule(RuleEffect::allow, "user:alice", {AccessAction::pull}, "**"),
             rule(RuleEffect::deny, "user:alice", {AccessAction::pull}, "a")});
  EXPECT_EQ(get(manifest_, kAlice), 403U);
  set_rules({rule(RuleEffect::allow, "anonymous", {AccessAction::pull}, "a")});
  EXPECT_EQ(get(manifest_), 200U);
  EXPECT_TRUE(is_quick_);
  EXPECT_EQ(get(manifest_, kBob), 200U) << "whoever logs in loses nothing";
}

TEST_F(AccessGateTest, APasswordIsCheckedOnceUntilItIsForgotten) {
  const int before = users_.count;
  for (int i = 0; i < 10; ++i) EXPECT_EQ(get(manifest_, kAlice), 200U);
  EXPECT_EQ(users_.count, before);
  api_.credentials.forget_all();
  EXPECT_EQ(get(manifest_, kAlice), 200U);
  EXPECT_FALSE(is_quick_);
  EXPECT_EQ(users_.count, before + 1);
  EXPECT_EQ(get(manifest_, kAlice), 200U);
  EXPECT_TRUE(is_quick_);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(get(manifest_, "Basic YWxpY2U6Yg=="), 401U);
  EXPECT_EQ(users_.count, before + 4) << "what is wrong is not remembered";
}

TEST_F(AccessGateTest, TheCatalogThatIsKeptIsForWhoeverSeesEverything) {
  const ActionSet lists{AccessAction::pull, AccessAction::catalog};
  set_rules({rule(RuleEffect::allow, "user:alice", lists, "**"),
             rule(RuleEffect::allow, "user:bob", {AccessAction::catalog}, "**"),
             rule(RuleEffect::allow, "user:bob", {AccessAction::pull}, "b/**")});
  get("/v2/_catalog", kAlice);
  EXPECT_EQ(get("/v2/_catalog", kAlice), 200U);
  EXPECT_TRUE(is_quick_);
  EXPECT_EQ(last_.body, "{\"repositories\":[\"a\"]}\n");
  EXPECT_EQ(get("/v2/_catalog", kBob), 200U);
  EXPECT_FALSE(is_quick_);
  EXPECT_EQ(last_.body, "{\"repositories\":[]}\n");
  EXPECT_EQ(get("/v2/_catalog"), 401U);
}

TEST_F(AccessGateTest, TwoFieldsAreNone) {
  get(manifest_, kAlice);
  EXPECT_EQ(client_.get(manifest_, {.headers = {{"Authorization", kAlice}, {"authorization", kAlice}}}).status, 401U);
  EXPECT_EQ(client_.get(manifest_, {.headers = {{"Authorization", ""}, {"Authorization", kAlice}}}).status, 401U);
}

TEST_F(AccessGateTest, ARefusalLogsNeitherPasswordNorToken) {
  get(manifest_, "Basic YWxpY2U6c2VjcmV0");
  EXPECT_EQ(last_.status, 401U);
  EXPECT_EQ(last_.body.find("does not match"), std::string::npos) << "who guesses learns nothing";
  EXPECT_EQ(api_.metrics.counter("berth_refused_logins_total", "Requests with credentials that are wrong.").value(),
            1U);
}

}  // namespace
}  // namespace berth
