// Who runs the contract of the account store, and what it demands of users and groups.
#include "metadata/account_store_contract.h"

#include <algorithm>

#include "metadata/memory/memory_account_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

class MemoryHolder final : public AccountStoreHolder {
 public:
  AccountStore& store() override { return store_; }

 private:
  MemoryAccountStore store_;
};

class SqliteHolder final : public AccountStoreHolder {
 public:
  explicit SqliteHolder(const std::filesystem::path& directory)
      : database_(SqliteOptions{.path = directory / "metadata.db"}) {}
  AccountStore& store() override { return database_.accounts(); }

 private:
  SqliteMetadataStore database_;
};

}  // namespace

INSTANTIATE_TEST_SUITE_P(
    Stores, AccountStoreContract,
    testing::Values(AccountStoreFactory{"memory",
                                        [](const std::filesystem::path&) -> std::unique_ptr<AccountStoreHolder> {
                                          return std::make_unique<MemoryHolder>();
                                        }},
                    AccountStoreFactory{
                        "sqlite",
                        [](const std::filesystem::path& directory) -> std::unique_ptr<AccountStoreHolder> {
                          return std::make_unique<SqliteHolder>(directory);
                        }}),
    [](const testing::TestParamInfo<AccountStoreFactory>& info) { return info.param.name; });

TEST_P(AccountStoreContract, AUserComesBackAsItWasMade) {
  EXPECT_FALSE(run_task(store().find_user(name("alice"))));
  UserRecord made = user("alice");
  made.state = UserState::disabled;
  made.last_login = at(7);
  EXPECT_TRUE(run_task(store().create_user(made)));
  const std::optional<UserAccount> found = run_task(store().find_user(name("alice")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->user.name, name("alice"));
  EXPECT_EQ(found->user.secret_hash, "$y$of alice");
  EXPECT_EQ(found->user.state, UserState::disabled);
  EXPECT_EQ(found->user.created, at(0));
  EXPECT_EQ(found->user.last_login, at(7));
  EXPECT_TRUE(found->groups.empty());
}

TEST_P(AccountStoreContract, AUsersNameIsTakenOnceAndLetterCaseCounts) {
  EXPECT_TRUE(run_task(store().create_user(user("alice"))));
  UserRecord other = user("alice");
  other.secret_hash = "another";
  EXPECT_FALSE(run_task(store().create_user(other)));
  EXPECT_EQ(run_task(store().find_user(name("alice")))->user.secret_hash, "$y$of alice");
  EXPECT_FALSE(run_task(store().find_user(name("Alice"))));
}

TEST_P(AccountStoreContract, AUsersSecretAndStateChange) {
  EXPECT_FALSE(run_task(store().set_user_secret(name("alice"), "new")));
  EXPECT_FALSE(run_task(store().set_user_state(name("alice"), UserState::disabled)));
  run_task(store().create_user(user("alice")));
  EXPECT_TRUE(run_task(store().set_user_secret(name("alice"), "new")));
  EXPECT_TRUE(run_task(store().set_user_state(name("alice"), UserState::disabled)));
  const std::optional<UserAccount> found = run_task(store().find_user(name("alice")));
  EXPECT_EQ(found->user.secret_hash, "new");
  EXPECT_EQ(found->user.state, UserState::disabled);
}

TEST_P(AccountStoreContract, ALoginIsRecordedOnceAnHour) {
  run_task(store().record_login(name("nobody"), at(0)));
  run_task(store().create_user(user("alice")));
  const auto last_login = [this] { return run_task(store().find_user(name("alice")))->user.last_login; };
  run_task(store().record_login(name("alice"), at(10)));
  EXPECT_EQ(last_login(), at(10));
  run_task(store().record_login(name("alice"), at(10 + 3599)));
  EXPECT_EQ(last_login(), at(10));
  run_task(store().record_login(name("alice"), at(10 + 3600)));
  EXPECT_EQ(last_login(), at(10 + 3600));
}

TEST_P(AccountStoreContract, UsersAreListedInOrderOfTheirNames) {
  for (const char* each : {"carol", "alice", "Zoe", "bob", "_x", "a"}) run_task(store().create_user(user(each)));
  const auto list = [this](auto after, std::size_t limit) { return store().list_users(after, limit); };
  const auto name_of = [](const UserRecord& each) { return each.name.text(); };
  const Names expected{"Zoe", "_x", "a", "alice", "bob", "carol"};
  EXPECT_EQ(walk(list, name_of, 2), expected);
  EXPECT_EQ(walk(list, name_of, 6), expected);
}

TEST_P(AccountStoreContract, AUsersGroupsComeWithTheUser) {
  run_task(store().create_user(user("alice")));
  run_task(store().create_user(user("bob")));
  for (const char* each : {"ops", "dev"}) EXPECT_TRUE(run_task(store().create_group(group(each))));
  EXPECT_FALSE(run_task(store().create_group(group("dev"))));
  EXPECT_EQ(run_task(store().add_member(name("none"), name("alice"))), AddMemberOutcome::unknown_group);
  EXPECT_EQ(run_task(store().add_member(name("dev"), name("none"))), AddMemberOutcome::unknown_user);
  EXPECT_EQ(run_task(store().add_member(name("ops"), name("alice"))), AddMemberOutcome::added);
  EXPECT_EQ(run_task(store().add_member(name("dev"), name("alice"))), AddMemberOutcome::added);
  EXPECT_EQ(run_task(store().add_member(name("dev"), name("alice"))), AddMemberOutcome::was_member);
  EXPECT_EQ(run_task(store().add_member(name("dev"), name("bob"))), AddMemberOutcome::added);
  EXPECT_EQ(run_task(store().find_user(name("alice")))->groups, (std::vector{name("dev"), name("ops")}));
  EXPECT_EQ(run_task(store().find_user(name("bob")))->groups, (std::vector{name("dev")}));

  EXPECT_TRUE(run_task(store().remove_member(name("dev"), name("alice"))));
  EXPECT_FALSE(run_task(store().remove_member(name("dev"), name("alice"))));
  EXPECT_FALSE(run_task(store().remove_member(name("none"), name("alice"))));
  EXPECT_EQ(run_task(store().find_user(name("alice")))->groups, (std::vector{name("ops")}));
}

TEST_P(AccountStoreContract, GroupsAndTheirMembersAreListed) {
  for (const char* each : {"dev", "ops", "all"}) run_task(store().create_group(group(each)));
  for (const char* each : {"c", "a", "b"}) {
    run_task(store().create_user(user(each)));
    run_task(store().add_member(name("dev"), name(each)));
  }
  const std::optional<GroupRecord> found = run_task(store().find_group(name("dev")));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->note, "people");
  EXPECT_EQ(found->created, at(1));
  EXPECT_FALSE(run_task(store().find_group(name("none"))));
  EXPECT_EQ(walk([this](auto after, std::size_t limit) { return store().list_groups(after, limit); },
                 [](const GroupRecord& each) { return each.name.text(); }, 1),
            (Names{"all", "dev", "ops"}));
  EXPECT_EQ(walk([this](auto after, std::size_t limit) { return store().list_members(name("dev"), after, limit); },
                 [](const AccountName& each) { return each.text(); }, 2),
            (Names{"a", "b", "c"}));
  EXPECT_TRUE(run_task(store().list_members(name("ops"), std::nullopt, 10)).entries.empty());
  EXPECT_TRUE(run_task(store().list_members(name("none"), std::nullopt, 10)).entries.empty());
}

TEST_P(AccountStoreContract, AGroupThatGoesTakesItsMembershipsAlong) {
  run_task(store().create_user(user("alice")));
  run_task(store().create_group(group("dev")));
  run_task(store().add_member(name("dev"), name("alice")));
  EXPECT_TRUE(run_task(store().remove_group(name("dev"))));
  EXPECT_FALSE(run_task(store().remove_group(name("dev"))));
  EXPECT_TRUE(run_task(store().find_user(name("alice")))->groups.empty());
  run_task(store().create_group(group("dev")));
  EXPECT_TRUE(run_task(store().list_members(name("dev"), std::nullopt, 10)).entries.empty());
}

TEST_P(AccountStoreContract, AUserThatGoesTakesTokensAndMembershipsAlong) {
  run_task(store().create_user(user("alice")));
  run_task(store().create_user(user("bob")));
  run_task(store().create_group(group("dev")));
  for (const char* each : {"alice", "bob"}) {
    run_task(store().add_member(name("dev"), name(each)));
    run_task(store().create_token(token(std::string("token-of-") + each, each)));
  }
  EXPECT_TRUE(run_task(store().remove_user(name("alice"))));
  EXPECT_FALSE(run_task(store().remove_user(name("alice"))));
  EXPECT_FALSE(run_task(store().find_token_by_secret(secret("token-of-alice"))));
  EXPECT_TRUE(run_task(store().find_token_by_secret(secret("token-of-bob"))));
  EXPECT_EQ(run_task(store().list_members(name("dev"), std::nullopt, 10)).entries, (std::vector{name("bob")}));
  run_task(store().create_user(user("alice")));
  EXPECT_TRUE(run_task(store().find_user(name("alice")))->groups.empty());
  EXPECT_TRUE(run_task(store().list_tokens(name("alice"), std::nullopt, 10)).entries.empty());
}

TEST_P(AccountStoreContract, HoldsAHundredThousandUsers) {
  constexpr std::size_t kUsers = 100'000;
  constexpr std::size_t kTogether = 2'000;
  const auto name_of = [](std::size_t number) { return "u" + std::to_string(kUsers + number); };
  run_task(store().create_group(group("dev")));
  for (std::size_t from = 0; from < kUsers; from += kTogether) {
    std::vector<Task<bool>> tasks;
    for (std::size_t i = from; i < from + kTogether; ++i) tasks.push_back(store().create_user(user(name_of(i))));
    run_together(std::move(tasks));
  }
  for (const std::size_t number : {std::size_t{0}, kUsers / 2, kUsers - 1}) {
    const AccountName who = name(name_of(number));
    EXPECT_EQ(run_task(store().add_member(name("dev"), who)), AddMemberOutcome::added);
    const std::optional<UserAccount> found = run_task(store().find_user(who));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->user.secret_hash, "$y$of " + who.text());
    EXPECT_EQ(found->groups, std::vector{name("dev")});
  }
  EXPECT_FALSE(run_task(store().find_user(name(name_of(kUsers)))));
  EXPECT_TRUE(run_task(store().remove_user(name(name_of(kUsers / 2)))));
  const Names all = walk([this](auto after, std::size_t limit) { return store().list_users(after, limit); },
                         [](const UserRecord& each) { return each.name.text(); }, 1'000);
  EXPECT_EQ(all.size(), kUsers - 1);
  EXPECT_TRUE(std::ranges::is_sorted(all));
  EXPECT_EQ(run_task(store().list_members(name("dev"), std::nullopt, 10)).entries.size(), 2U);
}

}  // namespace berth
