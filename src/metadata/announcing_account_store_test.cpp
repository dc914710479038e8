#include "metadata/announcing_account_store.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "metadata/memory/memory_account_store.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

AccountName name(std::string_view text) {
  return AccountName::parse(text).value();
}

class Listener final : public AccountListener {
 public:
  void user_changed(const AccountName& name) override { heard_ += "user " + name.text() + " "; }
  void robot_changed(const AccountName& name) override { heard_ += "robot " + name.text() + " "; }
  void all_users_changed() override { heard_ += "all "; }
  void rules_changed() override { heard_ += "rules "; }

  /// What was heard since the last look.
  std::string heard() { return std::exchange(heard_, {}); }

 private:
  std::string heard_;
};

class AnnouncingAccounts : public testing::Test {
 protected:
  MemoryAccountStore inner_;
  Listener listener_;
  AnnouncingAccountStore store_{inner_, listener_};
};

}  // namespace

TEST_F(AnnouncingAccounts, TellsOfEveryChange) {
  run_task(store_.create_user({.name = name("alice"), .secret_hash = "", .created = {}, .last_login = {}}));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.set_user_secret(name("alice"), "x"));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.set_user_state(name("alice"), UserState::disabled));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.create_group({.name = name("dev"), .note = "", .created = {}}));
  EXPECT_EQ(listener_.heard(), "") << "an empty group changes nobody";
  run_task(store_.add_member(name("dev"), name("alice")));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.remove_member(name("dev"), name("alice")));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.remove_group(name("dev")));
  EXPECT_EQ(listener_.heard(), "all ");
  run_task(store_.remove_token(name("alice"), "t1"));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.remove_user(name("alice")));
  EXPECT_EQ(listener_.heard(), "user alice ");
  run_task(store_.rotate_robot(name("ci"), digest_of(HashAlgorithm::sha256, "x"), std::nullopt));
  EXPECT_EQ(listener_.heard(), "robot ci ");
  run_task(store_.remove_robot(name("ci")));
  EXPECT_EQ(listener_.heard(), "robot ci ");
  run_task(store_.add_rule({.id = "r", .rule = "", .note = "", .created = {}, .created_by = ""}));
  EXPECT_EQ(listener_.heard(), "rules ");
  run_task(store_.remove_rule("r"));
  EXPECT_EQ(listener_.heard(), "rules ");
}

TEST_F(AnnouncingAccounts, SaysNothingOfUses) {
  run_task(store_.record_login(name("alice"), WallTime()));
  run_task(store_.record_robot_use(name("ci"), WallTime()));
  run_task(store_.record_token_use("t1", WallTime()));
  EXPECT_EQ(listener_.heard(), "");
}

}  // namespace berth
