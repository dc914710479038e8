// Accounts and the authenticator over the same store.
#include "auth/accounts.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "auth/account_authenticator.h"
#include "auth/certificate_authenticator.h"
#include "auth/secret_token.h"
#include "metadata/memory/memory_account_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using Outcome = Authentication::Outcome;

constexpr SecretCost kCheap{.yescrypt = 1};

class LineLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, std::initializer_list<LogField> fields) override {
    std::string line(message);
    for (const LogField& field : fields) {
      if (const auto* text = std::get_if<std::string_view>(&field.value)) line += " " + std::string(*text);
    }
    lines += line + "\n";
  }
  bool is_enabled(LogLevel) const override { return true; }
  void set_level(LogLevel) override {}
  std::string lines;
};

class AccountsTest : public testing::Test {
 protected:
  static AccountName name(std::string_view text) { return AccountName::parse(text).value(); }
  static std::vector<AccountRight> rights(std::initializer_list<std::string_view> texts) {
    std::vector<AccountRight> all;
    for (const std::string_view text : texts) all.push_back(AccountRight::parse(text).value());
    return all;
  }

  void add_user(std::string_view user, std::string password = "correct horse") {
    ASSERT_TRUE(run_task(accounts_.add_user(name(user), Password{std::move(password)}, "admin")));
  }
  CreatedRobot create_robot(std::string_view robot, std::optional<WallTime> expires = {}) {
    return run_task(accounts_.create_robot(
                        {.name = name(robot), .rights = rights({"pull:team/**"}), .expires = expires}, "admin"))
        .value();
  }
  std::string create_token(std::string_view user, std::initializer_list<std::string_view> can = {}) {
    return run_task(accounts_.create_token({.user = name(user), .rights = rights(can)}, std::string(user)))
        .value()
        .secret;
  }

  Authentication basic(std::string user, std::string password) {
    return run_task(
        authenticator_.authenticate({.what = BasicCredentials{.user = std::move(user), .password = std::move(password)},
                                     .peer_address = "10.0.0.1:1"}));
  }
  Authentication bearer(std::string token) {
    return run_task(
        authenticator_.authenticate({.what = BearerCredentials{.token = std::move(token)}, .peer_address = ""}));
  }
  Authentication certificate(std::string user) {
    CertificateAuthenticator certificates({&authenticator_});
    return run_task(certificates.authenticate(
        {.what = CertificateCredentials{.name = std::move(user)}, .peer_address = "10.0.0.1:1"}));
  }
  std::string explain(std::string who, AccessAction action, std::string repository = {}, std::string tag = {}) {
    const Result<AccessAnswer> answer = run_task(accounts_.explain(
        {.who = std::move(who), .action = action, .repository = std::move(repository), .tag = std::move(tag)}));
    return answer ? answer->reason : "refused: " + answer.error().message;
  }
  std::uint64_t passwords_computed() {
    return metrics_.counter("berth_password_checks_total", "", {{"store", "accounts"}}).value();
  }

  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  LineLog log_;
  BlockingPool pool_{"passwords", 2, 100};
  MemoryAccountStore store_;
  std::shared_ptr<const AccessPolicy> installed_;
  PolicyLoader policy_{
      store_, {}, [this](std::shared_ptr<const AccessPolicy> policy) { installed_ = std::move(policy); }};
  Accounts accounts_{store_, policy_, pool_, clock_, entropy_, log_, {.cost = kCheap}};
  AccountAuthenticator authenticator_{store_, pool_, kCheap, clock_, log_, metrics_};
};

}  // namespace

TEST_F(AccountsTest, AUserLogsInWithHisPassword) {
  add_user("alice");
  EXPECT_TRUE(run_task(accounts_.add_group(name("dev"), "", "admin")));
  ASSERT_TRUE(run_task(accounts_.add_member(name("dev"), name("alice"), "admin")));
  const Authentication found = basic("alice", "correct horse");
  ASSERT_EQ(found.outcome, Outcome::accepted);
  EXPECT_EQ(found.identity->kind, IdentityKind::user);
  EXPECT_EQ(found.identity->name, "alice");
  EXPECT_THAT(found.identity->groups, ElementsAre("dev"));
  EXPECT_EQ(found.identity->limit, nullptr);
  EXPECT_EQ(found.good_until, WallTime::max());
  EXPECT_EQ(run_task(store_.find_user(name("alice")))->user.last_login, clock_.now());
  EXPECT_EQ(basic("alice", "wrong horse").outcome, Outcome::refused);
  EXPECT_TRUE(basic("alice", "wrong horse").was_guess);
}

TEST_F(AccountsTest, AnUnknownUserCostsOnePasswordAsAKnownOne) {
  add_user("alice");
  ASSERT_TRUE(run_task(accounts_.add_user(name("tokens-only"), {}, "admin")));
  for (const char* user : {"alice", "nobody", "not a name!", "tokens-only"}) {
    const std::uint64_t before = passwords_computed();
    EXPECT_NE(basic(user, "wrong password").outcome, Outcome::accepted) << user;
    EXPECT_EQ(passwords_computed(), before + 1) << user;
  }
  EXPECT_EQ(basic("nobody", "wrong password").outcome, Outcome::unknown);
}

TEST_F(AccountsTest, ADisabledUserIsRefusedWhateverHeHas) {
  add_user("alice");
  const std::string token = create_token("alice");
  ASSERT_TRUE(run_task(accounts_.set_user_state(name("alice"), UserState::disabled, "admin")));
  EXPECT_EQ(basic("alice", "correct horse").reason, "the user is disabled");
  EXPECT_FALSE(basic("alice", "correct horse").was_guess);
  EXPECT_EQ(basic("alice", "wrong horse").reason, "the password is wrong") << "only who has the password learns of it";
  EXPECT_EQ(basic("alice", token).reason, "the user is disabled");
  EXPECT_TRUE(run_task(authenticator_.find_user("alice"))->is_disabled);
  EXPECT_EQ(certificate("alice").outcome, Outcome::refused);
  ASSERT_TRUE(run_task(accounts_.set_user_state(name("alice"), UserState::active, "admin")));
  EXPECT_EQ(basic("alice", "correct horse").outcome, Outcome::accepted);
  EXPECT_FALSE(run_task(authenticator_.find_user("alice"))->is_disabled);
  EXPECT_EQ(certificate("alice").outcome, Outcome::accepted);
}

TEST_F(AccountsTest, ACertificateNamesAUserOrARobotWithAllThatIsKnownOfHim) {
  add_user("alice");
  ASSERT_TRUE(run_task(accounts_.add_group(name("dev"), "", "admin")));
  ASSERT_TRUE(run_task(accounts_.add_member(name("dev"), name("alice"), "admin")));
  const Authentication alice = certificate("alice");
  ASSERT_EQ(alice.outcome, Outcome::accepted);
  EXPECT_EQ(alice.identity->groups, std::vector<std::string>{"dev"});
  EXPECT_EQ(alice.identity->proof, Proof::certificate);
  EXPECT_FALSE(alice.identity->can_refresh);

  create_robot("ci", clock_.now() + std::chrono::hours(1));
  const Authentication robot = certificate("robot$ci");
  ASSERT_EQ(robot.outcome, Outcome::accepted);
  EXPECT_EQ(robot.identity->kind, IdentityKind::robot);
  EXPECT_EQ(robot.identity->name, "ci") << "the name that rules have, and that a change makes forgotten";
  ASSERT_TRUE(robot.identity->limit);
  EXPECT_FALSE(robot.identity->limit->allows({.action = AccessAction::push, .repository = "team/app"}));
  clock_.advance(std::chrono::hours(1));
  EXPECT_EQ(certificate("robot$ci").outcome, Outcome::refused) << "it has expired";

  const Authentication stranger = certificate("somebody");
  ASSERT_EQ(stranger.outcome, Outcome::accepted) << "the client CA vouches for him";
  EXPECT_EQ(stranger.identity->name, "somebody");
}

TEST_F(AccountsTest, ANewPasswordReplacesTheOldAndChangesTheStamp) {
  add_user("alice");
  const std::string stamp = run_task(authenticator_.find_user("alice"))->stamp;
  ASSERT_TRUE(run_task(accounts_.set_password(name("alice"), Password{"battery staple"}, "alice")));
  EXPECT_EQ(basic("alice", "correct horse").outcome, Outcome::refused);
  EXPECT_EQ(basic("alice", "battery staple").outcome, Outcome::accepted);
  EXPECT_NE(run_task(authenticator_.find_user("alice"))->stamp, stamp);
  ASSERT_TRUE(run_task(accounts_.set_password(
      name("alice"), PasswordHash{"$2b$04$abcdefghijklmnopqrstuughE8Ev8uGFaUgY2cNEySvxngrb/Jzdm"}, "admin")));
  EXPECT_EQ(basic("alice", "password").outcome, Outcome::accepted);
}

TEST_F(AccountsTest, PasswordsAreHeldToTheRules) {
  const auto refusal = [this](NewSecret secret) {
    const Result<UserRecord> added = run_task(accounts_.add_user(name("bob"), std::move(secret), "admin"));
    return added ? "added" : added.error().message;
  };
  EXPECT_THAT(refusal(Password{"short"}), HasSubstr("password: has 5 bytes; 8 to 511"));
  EXPECT_THAT(refusal(Password{std::string(512, 'x')}), HasSubstr("password: has 512"));
  EXPECT_THAT(refusal(Password{"with\nnewline"}), HasSubstr("control character"));
  EXPECT_THAT(refusal(PasswordHash{"secret"}), HasSubstr("password_hash: is not a hash"));
  EXPECT_EQ(refusal(Password{"long enough"}), "added");
  EXPECT_THAT(refusal(Password{"long enough"}), HasSubstr("already"));
}

TEST_F(AccountsTest, ARobotHasItsRightsAndNoMore) {
  const CreatedRobot ci = create_robot("ci", clock_.now() + 90h);
  for (const Authentication& found : {basic("robot$ci", ci.secret), basic("ci", ci.secret), bearer(ci.secret)}) {
    ASSERT_EQ(found.outcome, Outcome::accepted) << found.reason;
    EXPECT_EQ(found.identity->kind, IdentityKind::robot);
    EXPECT_EQ(found.identity->name, "ci");
    EXPECT_EQ(found.good_until, clock_.now() + 90h);
    const auto may = [&](AccessAction action, std::string_view repository) {
      return installed_->allows(*found.identity, {.action = action, .repository = repository});
    };
    EXPECT_TRUE(may(AccessAction::pull, "team/app"));
    EXPECT_FALSE(may(AccessAction::push, "team/app"));
    EXPECT_FALSE(may(AccessAction::pull, "other/app")) << "also in a registry that is open to whoever logs in";
  }
  EXPECT_EQ(run_task(store_.find_robot(name("ci")))->last_used, clock_.now());
  EXPECT_EQ(passwords_computed(), 0U);
}

TEST_F(AccountsTest, ARobotDoesNotCloseAnOpenRegistry) {
  create_robot("ci");
  const Identity alice{.kind = IdentityKind::user, .name = "alice", .proof = Proof::password};
  EXPECT_TRUE(installed_->allows(alice, {.action = AccessAction::push, .repository = "anything"}));
}

TEST_F(AccountsTest, ADenyRuleHoldsForRobotsToo) {
  create_robot("ci");
  ASSERT_TRUE(run_task(accounts_.add_rule({.text = "deny pull to robot:ci on team/secret"}, "admin")));
  EXPECT_THAT(explain("robot:ci", AccessAction::pull, "team/app"), HasSubstr("allowed by the robot's own rights"));
  EXPECT_THAT(explain("robot$ci", AccessAction::pull, "team/secret"), HasSubstr("denied by stored rule"));
}

TEST_F(AccountsTest, ARobotsSecretIsWorthNothingOnceItIsGone) {
  const CreatedRobot ci = create_robot("ci", clock_.now() + 1h);
  const CreatedRobot cd = create_robot("cd");
  EXPECT_EQ(basic("robot$cd", ci.secret).reason, "the secret is another robot's");
  clock_.advance(1h);
  EXPECT_EQ(basic("robot$ci", ci.secret).reason, "the robot has expired");
  EXPECT_FALSE(basic("robot$ci", ci.secret).was_guess);
  const Result<CreatedRobot> rotated =
      run_task(accounts_.rotate_robot(name("ci"), NewExpiry(clock_.now() + 1h), "admin"));
  ASSERT_TRUE(rotated);
  EXPECT_EQ(bearer(ci.secret).outcome, Outcome::refused);
  EXPECT_EQ(bearer(rotated->secret).outcome, Outcome::accepted);
  ASSERT_TRUE(run_task(accounts_.revoke_robot(name("ci"), "admin")));
  EXPECT_EQ(bearer(rotated->secret).outcome, Outcome::refused);
  EXPECT_EQ(run_task(accounts_.rotate_robot(name("ci"), {}, "admin")).error().code, ErrorCode::not_found);
  EXPECT_EQ(bearer(cd.secret).outcome, Outcome::accepted);
  EXPECT_EQ(bearer("berth_robot_nonsense").outcome, Outcome::unknown);
}

TEST_F(AccountsTest, AnAccessTokenStandsForItsUser) {
  add_user("alice");
  const std::string whole = create_token("alice");
  const std::string narrow = create_token("alice", {"pull:team/**"});
  const Authentication by_whole = basic("alice", whole);
  ASSERT_EQ(by_whole.outcome, Outcome::accepted);
  EXPECT_EQ(by_whole.identity->name, "alice");
  EXPECT_EQ(by_whole.identity->limit, nullptr);
  const Authentication by_narrow = bearer(narrow);
  ASSERT_EQ(by_narrow.outcome, Outcome::accepted);
  EXPECT_FALSE(by_narrow.identity->limit->allows({.action = AccessAction::push, .repository = "team/app"}));
  EXPECT_EQ(basic("bob", whole).reason, "the access token is another user's");
  const std::string id = run_task(store_.list_tokens(name("alice"), std::nullopt, 10)).entries.at(0).id;
  ASSERT_TRUE(run_task(accounts_.revoke_token(name("alice"), id, "alice")));
  EXPECT_FALSE(run_task(accounts_.revoke_token(name("alice"), id, "alice")));
  EXPECT_EQ((basic("alice", whole).outcome == Outcome::accepted) + (bearer(narrow).outcome == Outcome::accepted), 1);
  EXPECT_EQ(run_task(accounts_.create_token({.user = name("nobody")}, "admin")).error().code, ErrorCode::not_found);
}

TEST_F(AccountsTest, RulesOfTheStoreComeIntoForceAndAreExplained) {
  add_user("alice");
  EXPECT_TRUE(run_task(accounts_.add_group(name("dev"), "", "admin")));
  EXPECT_TRUE(run_task(accounts_.add_member(name("dev"), name("alice"), "admin")));
  EXPECT_THAT(explain("alice", AccessAction::push, "team/app"), HasSubstr("there are no rules"));
  const Result<RuleRecord> rule = run_task(accounts_.add_rule({.text = "allow pull to group:dev on team/**"}, "admin"));
  ASSERT_TRUE(rule);
  EXPECT_EQ(explain("alice", AccessAction::pull, "team/app"),
            "allowed by stored rule " + rule->id + ": allow pull to group:dev on team/**");
  EXPECT_EQ(explain("alice", AccessAction::push, "team/app"), "denied: no rule allows it");
  EXPECT_EQ(explain("anonymous", AccessAction::pull, "team/app"), "denied: no rule allows it");
  EXPECT_THAT(explain("group:dev", AccessAction::pull, "team/app"), HasSubstr("refused: who: "));
  ASSERT_TRUE(run_task(accounts_.remove_rule(rule->id, "admin")));
  EXPECT_FALSE(run_task(accounts_.remove_rule(rule->id, "admin")));
  EXPECT_THAT(run_task(accounts_.add_rule({.text = "allow everything"}, "admin")).error().message, HasSubstr("rule: "));
}

TEST_F(AccountsTest, ChangesAreLoggedWithoutSecrets) {
  add_user("alice");
  const CreatedRobot ci = create_robot("ci");
  const std::string token = create_token("alice");
  EXPECT_THAT(log_.lines, HasSubstr("user added alice admin"));
  EXPECT_THAT(log_.lines, HasSubstr("robot created ci admin"));
  EXPECT_THAT(log_.lines, HasSubstr("access token created alice/"));
  for (const std::string& secret : {std::string("correct horse"), ci.secret, token})
    EXPECT_THAT(log_.lines, Not(HasSubstr(secret)));
}

TEST_F(AccountsTest, NotesAndExpiriesAreHeldToTheRules) {
  EXPECT_THAT(run_task(accounts_.add_group(name("g"), "two\nlines", "admin")).error().message, HasSubstr("note: "));
  EXPECT_THAT(run_task(accounts_.create_robot({.name = name("r")}, "admin")).error().message, HasSubstr("can: "));
  EXPECT_THAT(run_task(accounts_.create_robot(
                           {.name = name("r"), .rights = rights({"pull:a"}), .expires = clock_.now()}, "admin"))
                  .error()
                  .message,
              HasSubstr("expires: "));
}

TEST_F(AccountsTest, ARuleThatCannotBeReadStopsTheReload) {
  run_task(store_.add_rule({.id = "r1", .rule = "permit all", .note = "", .created = {}, .created_by = ""}));
  EXPECT_THROW(run_task(policy_.reload()), Failure);
  EXPECT_EQ(installed_, nullptr);
}

}  // namespace berth
