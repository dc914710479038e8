// What the contract of the account store demands of robots, tokens and rules.
#include "metadata/account_store_contract.h"

namespace berth {

TEST_P(AccountStoreContract, ARobotComesBackAsItWasMadeByNameAndBySecret) {
  EXPECT_FALSE(run_task(store().find_robot(name("ci"))));
  EXPECT_TRUE(run_task(store().create_robot(robot("ci"))));
  for (const std::optional<RobotRecord>& found :
       {run_task(store().find_robot(name("ci"))), run_task(store().find_robot_by_secret(secret("ci")))}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->name, name("ci"));
    EXPECT_EQ(found->note, "builds");
    EXPECT_EQ(found->secret, secret("ci"));
    EXPECT_EQ(found->rights, (Names{"pull:**", "push:team/app"}));
    EXPECT_EQ(found->created, at(2));
    EXPECT_EQ(found->created_by, "alice");
    EXPECT_EQ(found->expires, at(1000));
    EXPECT_EQ(found->last_used, std::nullopt);
  }
  EXPECT_FALSE(run_task(store().find_robot_by_secret(secret("other"))));
}

TEST_P(AccountStoreContract, ARobotsNameAndSecretAreTakenOnce) {
  run_task(store().create_robot(robot("ci")));
  RobotRecord same_name = robot("ci");
  same_name.secret = secret("another");
  EXPECT_FALSE(run_task(store().create_robot(same_name)));
  RobotRecord same_secret = robot("cd");
  same_secret.secret = secret("ci");
  EXPECT_FALSE(run_task(store().create_robot(same_secret)));
  EXPECT_FALSE(run_task(store().find_robot(name("cd"))));
}

TEST_P(AccountStoreContract, ARotatedRobotsOldSecretIsWorthNothing) {
  EXPECT_FALSE(run_task(store().rotate_robot(name("ci"), secret("new"), std::nullopt)));
  run_task(store().create_robot(robot("ci")));
  run_task(store().create_robot(robot("cd")));
  EXPECT_FALSE(run_task(store().rotate_robot(name("ci"), secret("cd"), std::nullopt)));
  EXPECT_TRUE(run_task(store().rotate_robot(name("ci"), secret("new"), std::nullopt)));
  EXPECT_FALSE(run_task(store().find_robot_by_secret(secret("ci"))));
  const std::optional<RobotRecord> found = run_task(store().find_robot_by_secret(secret("new")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, name("ci"));
  EXPECT_EQ(found->expires, std::nullopt);
}

TEST_P(AccountStoreContract, RobotsAreListedAndRemoved) {
  for (const char* each : {"c", "a", "b"}) run_task(store().create_robot(robot(each)));
  EXPECT_EQ(walk([this](auto after, std::size_t limit) { return store().list_robots(after, limit); },
                 [](const RobotRecord& each) { return each.name.text(); }, 2),
            (Names{"a", "b", "c"}));
  EXPECT_TRUE(run_task(store().remove_robot(name("b"))));
  EXPECT_FALSE(run_task(store().remove_robot(name("b"))));
  EXPECT_FALSE(run_task(store().find_robot_by_secret(secret("b"))));
}

TEST_P(AccountStoreContract, AUseIsRecordedOnceAnHour) {
  run_task(store().create_user(user("alice")));
  run_task(store().create_robot(robot("ci")));
  run_task(store().create_token(token("t1", "alice")));
  run_task(store().record_robot_use(name("none"), at(0)));
  run_task(store().record_token_use("none", at(0)));
  const auto use = [this](std::int64_t when) {
    run_task(store().record_robot_use(name("ci"), at(when)));
    run_task(store().record_token_use("t1", at(when)));
  };
  const auto expect = [this](std::int64_t when) {
    EXPECT_EQ(run_task(store().find_robot(name("ci")))->last_used, at(when));
    EXPECT_EQ(run_task(store().find_token_by_secret(secret("t1")))->token.last_used, at(when));
  };
  use(10);
  expect(10);
  use(3609);
  expect(10);
  use(3610);
  expect(3610);
}

TEST_P(AccountStoreContract, ATokenComesBackWithItsUser) {
  EXPECT_EQ(run_task(store().create_token(token("t1", "alice"))), CreateTokenOutcome::unknown_user);
  run_task(store().create_user(user("alice")));
  run_task(store().create_group(group("dev")));
  run_task(store().add_member(name("dev"), name("alice")));
  TokenRecord made = token("t1", "alice");
  made.rights = {"pull:**"};
  made.expires = at(50);
  EXPECT_EQ(run_task(store().create_token(made)), CreateTokenOutcome::created);
  EXPECT_EQ(run_task(store().create_token(made)), CreateTokenOutcome::taken);
  const std::optional<TokenAccount> found = run_task(store().find_token_by_secret(secret("t1")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->token.id, "t1");
  EXPECT_EQ(found->token.user, name("alice"));
  EXPECT_EQ(found->token.note, "laptop");
  EXPECT_EQ(found->token.rights, (Names{"pull:**"}));
  EXPECT_EQ(found->token.created, at(3));
  EXPECT_EQ(found->token.expires, at(50));
  EXPECT_EQ(found->account.user.name, name("alice"));
  EXPECT_EQ(found->account.groups, (std::vector{name("dev")}));
}

TEST_P(AccountStoreContract, TokensAreTheirUsersAlone) {
  for (const char* each : {"alice", "bob"}) run_task(store().create_user(user(each)));
  for (const char* each : {"t3", "t1", "t2"}) run_task(store().create_token(token(each, "alice")));
  run_task(store().create_token(token("t0", "bob")));
  const auto list = [this](auto after, std::size_t limit) { return store().list_tokens(name("alice"), after, limit); };
  const auto id_of = [](const TokenRecord& each) { return each.id; };
  EXPECT_EQ(walk(list, id_of, 2), (Names{"t1", "t2", "t3"}));
  EXPECT_FALSE(run_task(store().remove_token(name("bob"), "t2")));
  EXPECT_TRUE(run_task(store().remove_token(name("alice"), "t2")));
  EXPECT_FALSE(run_task(store().remove_token(name("alice"), "t2")));
  EXPECT_EQ(walk(list, id_of, 10), (Names{"t1", "t3"}));
  EXPECT_FALSE(run_task(store().find_token_by_secret(secret("t2"))));
}

TEST_P(AccountStoreContract, RulesStandInTheirOrder) {
  EXPECT_TRUE(run_task(store().add_rule(rule("a"))));
  EXPECT_TRUE(run_task(store().add_rule(rule("b"))));
  EXPECT_FALSE(run_task(store().add_rule(rule("a", 2))));
  EXPECT_TRUE(run_task(store().add_rule(rule("c", 1))));
  EXPECT_TRUE(run_task(store().add_rule(rule("d", 3))));
  EXPECT_TRUE(run_task(store().add_rule(rule("e", 99))));
  EXPECT_EQ(rules(), "1 c, 2 a, 3 d, 4 b, 5 e");
  EXPECT_TRUE(run_task(store().remove_rule("a")));
  EXPECT_FALSE(run_task(store().remove_rule("a")));
  EXPECT_EQ(rules(), "1 c, 2 d, 3 b, 4 e");
  EXPECT_TRUE(run_task(store().remove_rule("e")));
  EXPECT_TRUE(run_task(store().add_rule(rule("f"))));
  EXPECT_EQ(rules(), "1 c, 2 d, 3 b, 4 f");
}

TEST_P(AccountStoreContract, ARuleComesBackAsItWasMade) {
  run_task(store().add_rule(rule("a")));
  run_task(store().add_rule(rule("b")));
  const Page<RuleRecord> first = run_task(store().list_rules(0, 1));
  ASSERT_EQ(first.entries.size(), 1U);
  EXPECT_TRUE(first.has_more);
  EXPECT_EQ(first.entries[0].id, "a");
  EXPECT_EQ(first.entries[0].position, 1U);
  EXPECT_EQ(first.entries[0].rule, "rule a");
  EXPECT_EQ(first.entries[0].note, "why");
  EXPECT_EQ(first.entries[0].created, at(4));
  EXPECT_EQ(first.entries[0].created_by, "alice");
  const Page<RuleRecord> second = run_task(store().list_rules(1, 1));
  ASSERT_EQ(second.entries.size(), 1U);
  EXPECT_FALSE(second.has_more);
  EXPECT_EQ(second.entries[0].id, "b");
}

}  // namespace berth
