#include "auth/token/local_tokens.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <map>

#include "auth/token/token_fixture.h"
#include "base/failure.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

WallTime day(int number) {
  return WallTime(std::chrono::hours(24 * number));
}

TEST(PlanKeys, MakesTheFirstAtOnce) {
  const KeyPlan plan = plan_keys({}, {}, day(100));
  EXPECT_TRUE(plan.needs_new);
  EXPECT_EQ(plan.signer, 0U);
  EXPECT_EQ(plan_keys({day(100)}, {}, day(100)).signer, 0U)
      << "it signs before its lead is over, since nobody else can";
}

TEST(PlanKeys, PublishesAKeyBeforeItSignsAndKeepsItAfter) {
  const KeyRotation rotation{.interval = 30 * 24h, .lead = 24h, .longest_lifetime = 10 * 24h};
  EXPECT_FALSE(plan_keys({day(0)}, rotation, day(29)).needs_new);
  EXPECT_TRUE(plan_keys({day(0)}, rotation, day(30)).needs_new);
  const std::vector<WallTime> two{day(0), day(30)};
  EXPECT_EQ(plan_keys(two, rotation, day(30)).signer, 0U);
  EXPECT_EQ(plan_keys(two, rotation, day(31)).signer, 1U);
  EXPECT_EQ(plan_keys(two, rotation, day(40)).retired, 0U);
  const KeyPlan later = plan_keys(two, rotation, day(41));
  EXPECT_EQ(later.retired, 1U);
  EXPECT_EQ(later.signer, 0U) << "the only one that is left";
  EXPECT_FALSE(later.needs_new);
}

/// Users by name, with the stamp of their password.
class TestDirectory final : public UserDirectory {
 public:
  Task<std::optional<KnownUser>> find_user(std::string name) override {
    const auto found = stamps.find(name);
    if (found == stamps.end()) co_return std::nullopt;
    Identity who{.kind = IdentityKind::user, .name = name, .groups = {"ops"}, .proof = Proof::password};
    co_return KnownUser{.identity = std::make_shared<const Identity>(std::move(who)),
                        .stamp = found->second,
                        .is_disabled = is_disabled};
  }
  bool is_disabled = false;
  std::map<std::string, std::string> stamps;
};

class LocalTokensTest : public testing::Test {
 protected:
  static std::shared_ptr<const Identity> user(const std::string& name, bool can_refresh = true) {
    return std::make_shared<const Identity>(Identity{.kind = IdentityKind::user,
                                                     .name = name,
                                                     .groups = {"ops"},
                                                     .proof = Proof::password,
                                                     .can_refresh = can_refresh});
  }
  static std::shared_ptr<const AccessPolicy> rules() {
    PolicySource source;
    const auto add = [&source](RuleEffect effect, const char* who, ActionSet actions, const char* repositories) {
      source.rules.push_back({.effect = effect,
                              .subjects = {AccessSubject::parse(who).value()},
                              .actions = actions,
                              .repositories = {NamePattern::parse_repository(repositories).value()}});
    };
    add(RuleEffect::allow, "group:ops", {AccessAction::pull, AccessAction::push}, "team/**");
    add(RuleEffect::allow, "anonymous", {AccessAction::pull}, "public/**");
    add(RuleEffect::allow, "user:alice", {AccessAction::catalog}, "**");
    return AccessPolicy::compile(std::move(source));
  }
  IssuedToken issue(const Identity& who, const std::string& scopes, const std::string& service = {}) {
    return tokens_.issue(who, *rules(), service, parse_token_scopes(scopes),
                         [](const std::string& name) { return name == "team/old" ? "team/app" : name; });
  }
  Authentication check(const std::string& token) {
    return run_task(tokens_.authenticate({.what = BearerCredentials{.token = token}}));
  }
  Authentication redeem(const std::string& token, const std::string& service = {}) {
    return run_task(tokens_.redeem(token, service));
  }

  ManualClock clock_;
  SystemEntropy entropy_;
  TestDirectory users_;
  SigningKeys keys_{"", {}, clock_};
  LocalTokens tokens_{{.more_services = {"other.example"}}, keys_, {&users_}, clock_, entropy_};
};

TEST_F(LocalTokensTest, GivesOutWhatIsAskedForAndAllowed) {
  const IssuedToken issued = issue(*user("alice"),
                                   "repository:team/app:pull,push,delete repository:public/x:pull,push "
                                   "repository:secret:pull registry:catalog:* nonsense:x:pull");
  EXPECT_EQ(issued.scope, "repository:team/app:pull,push repository:public/x:pull registry:catalog:*");
  EXPECT_EQ(issued.lifetime, 300s);
  const Authentication alice = check(issued.token);
  ASSERT_EQ(alice.outcome, Authentication::Outcome::accepted) << alice.reason;
  EXPECT_EQ(alice.identity->name, "alice");
  EXPECT_EQ(alice.identity->kind, IdentityKind::user);
  EXPECT_THAT(alice.identity->groups, ElementsAre("ops"));
  EXPECT_EQ(alice.identity->proof, Proof::token);
  EXPECT_FALSE(alice.identity->can_refresh);
  const auto may = [&](AccessAction action, std::string_view repository) {
    return rules()->allows(*alice.identity, {.action = action, .repository = repository});
  };
  EXPECT_TRUE(may(AccessAction::push, "team/app"));
  EXPECT_FALSE(may(AccessAction::pull, "team/other")) << "the rules allow it, the token is not for it";
  EXPECT_TRUE(may(AccessAction::catalog, ""));
  EXPECT_EQ(issue(*user("alice"), "repository:team/app:*").scope, "repository:team/app:pull,push");
}

TEST_F(LocalTokensTest, AnonymousCallersGetWhatIsPublic) {
  const IssuedToken issued = issue({}, "repository:public/x:pull,push repository:team/app:pull");
  EXPECT_EQ(issued.scope, "repository:public/x:pull");
  const Authentication nobody = check(issued.token);
  ASSERT_EQ(nobody.outcome, Authentication::Outcome::accepted);
  EXPECT_FALSE(nobody.identity->has_name());
  EXPECT_TRUE(nobody.identity->is_proved());
}

TEST_F(LocalTokensTest, WhatIsDeniedMeanwhileIsDeniedAtOnce) {
  const Authentication alice = check(issue(*user("alice"), "repository:team/app:pull").token);
  const AccessRequest pull{.action = AccessAction::pull, .repository = "team/app"};
  EXPECT_TRUE(rules()->allows(*alice.identity, pull));
  PolicySource source{.rules = rules()->rules()};
  source.rules.push_back({.effect = RuleEffect::deny,
                          .subjects = {AccessSubject::parse("group:ops").value()},
                          .actions = {AccessAction::pull}});
  EXPECT_FALSE(AccessPolicy::compile(std::move(source))->allows(*alice.identity, pull));
}

TEST_F(LocalTokensTest, ATokenEnds) {
  const std::string token = issue(*user("alice"), "").token;
  clock_.advance(304s);
  EXPECT_EQ(check(token).outcome, Authentication::Outcome::accepted);
  clock_.advance(2s);
  EXPECT_EQ(check(token).reason, "it has expired");
}

TEST_F(LocalTokensTest, ATokenForAnotherServiceIsNotForThisOne) {
  EXPECT_TRUE(tokens_.serves(""));
  EXPECT_TRUE(tokens_.serves("berth"));
  EXPECT_TRUE(tokens_.serves("other.example"));
  EXPECT_FALSE(tokens_.serves("stranger.example"));
  EXPECT_EQ(check(issue(*user("alice"), "", "other.example").token).reason, "its audience is not this service");
}

TEST_F(LocalTokensTest, LeavesTokensOfOthersToOthers) {
  const TestKey key = TestKey::ec();
  EXPECT_EQ(check(make_token("ES256", key.get(), "", R"("iss":"else","aud":"berth","exp":1900000000)")).outcome,
            Authentication::Outcome::unknown);
  EXPECT_EQ(check(make_token("ES256", key.get(), "", R"("iss":"berth","aud":"berth","exp":1900000000)")).outcome,
            Authentication::Outcome::refused);
}

TEST_F(LocalTokensTest, ARefreshTokenStandsForThePassword) {
  users_.stamps["alice"] = "1";
  const std::string refresh = run_task(tokens_.issue_refresh(user("alice"), "")).value();
  const Authentication alice = redeem(refresh);
  ASSERT_EQ(alice.outcome, Authentication::Outcome::accepted) << alice.reason;
  EXPECT_EQ(alice.identity->name, "alice");
  EXPECT_EQ(redeem(refresh, "other.example").reason, "its audience is not this service");
  EXPECT_EQ(check(refresh).reason, "it is not a token of this kind") << "it opens no door by itself";
  EXPECT_EQ(redeem(issue(*user("alice"), "").token).reason, "it is not a token of this kind");
  users_.stamps["alice"] = "2";
  EXPECT_EQ(redeem(refresh).reason, "its user's password has changed since");
  users_.stamps["alice"] = "1";
  users_.is_disabled = true;
  EXPECT_EQ(redeem(refresh).reason, "its user is gone or disabled");
  EXPECT_EQ(run_task(tokens_.issue_refresh(user("alice"), "")), std::nullopt);
  users_.is_disabled = false;
  users_.stamps.clear();
  EXPECT_EQ(redeem(refresh).reason, "its user is gone or disabled");
  users_.stamps["alice"] = "1";
  clock_.advance(31 * 24h);
  EXPECT_EQ(redeem(refresh).reason, "it has expired");
}

TEST_F(LocalTokensTest, OnlyAPasswordOfOnesOwnIsWorthARefreshToken) {
  users_.stamps["alice"] = "1";
  EXPECT_EQ(run_task(tokens_.issue_refresh(user("alice", false), "")), std::nullopt);
  EXPECT_EQ(run_task(tokens_.issue_refresh(user("stranger"), "")), std::nullopt);
  EXPECT_EQ(run_task(tokens_.issue_refresh(std::make_shared<const Identity>(), "")), std::nullopt);
}

TEST_F(LocalTokensTest, TokensOutliveTheChangeOfKeys) {
  users_.stamps["alice"] = "1";
  clock_.advance(29 * 24h);
  const std::string refresh = run_task(tokens_.issue_refresh(user("alice"), "")).value();
  const std::string first = keys_.signer()->id;
  clock_.advance(24h);
  EXPECT_TRUE(keys_.rotate_blocking());
  EXPECT_EQ(keys_.signer()->id, first) << "others have not read the new one yet";
  EXPECT_EQ(keys_.trusted()->size(), 2U);
  clock_.advance(24h);
  EXPECT_FALSE(keys_.rotate_blocking());
  EXPECT_NE(keys_.signer()->id, first);
  EXPECT_THAT(keys_.key_set(), HasSubstr(first));
  EXPECT_EQ(redeem(refresh).outcome, Authentication::Outcome::accepted);
  EXPECT_EQ(check(issue(*user("alice"), "").token).outcome, Authentication::Outcome::accepted);
}

TEST_F(LocalTokensTest, OthersCanCheckThemByTheKeySet) {
  const auto keys = TrustedKeys::load({.jwks_text = tokens_.key_set(), .jwks_name = "berth"});
  const auto token = Jwt::parse(issue(*user("alice"), "repository:team/app:pull", "other.example").token);
  const auto claims = verify_token(*token, *keys, {.issuer = "berth", .service = "other.example"}, clock_.now());
  ASSERT_TRUE(claims) << claims.error();
  EXPECT_EQ(claims->subject, "alice");
  EXPECT_EQ(claims->access.at(0).name, "team/app");
}

TEST(SigningKeysTest, AreInAFileThatOnlyTheOwnerReads) {
  const TemporaryDirectory directory;
  const std::string file = directory.file("keys.json");
  ManualClock clock;
  std::string id;
  {
    const SigningKeys keys(file, {}, clock);
    id = keys.signer()->id;
  }
  struct stat info{};
  ASSERT_EQ(::stat(file.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  EXPECT_EQ(SigningKeys(file, {}, clock).signer()->id, id);
  std::ofstream(file) << "{\"keys\":[{}]}";
  EXPECT_THROW(SigningKeys(file, {}, clock), Failure);
  std::ofstream(file) << "nonsense";
  EXPECT_THROW(SigningKeys(file, {}, clock), Failure);
  EXPECT_THROW(SigningKeys(directory.file("nowhere/keys.json"), {}, clock), Failure);
}

}  // namespace
}  // namespace berth
