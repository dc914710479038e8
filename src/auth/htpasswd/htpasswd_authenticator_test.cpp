#include "auth/htpasswd/htpasswd_authenticator.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>

#include "auth/htpasswd/bcrypt.h"
#include "base/failure.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

/// Keeps what was said.
class ListeningLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, std::initializer_list<LogField> fields) override {
    text += message;
    for (const LogField& field : fields) {
      text += " " + std::string(field.name) + "=";
      if (const auto* value = std::get_if<std::string_view>(&field.value)) text += *value;
    }
    text += "\n";
  }
  bool is_enabled(LogLevel) const override { return true; }
  void set_level(LogLevel) override {}

  std::string text;
};

class HtpasswdAuthenticatorTest : public ::testing::Test {
 protected:
  std::string path() const { return directory_.file("auth/htpasswd"); }
  void write(const std::string& text) {
    ::mkdir(directory_.file("auth").c_str(), 0700);
    std::ofstream(path()) << text;
  }
  std::string line(const std::string& name, const std::string& password, int cost = 4) {
    return name + ":" + make_bcrypt_blocking(password, cost, entropy_) + "\n";
  }
  HtpasswdAuthenticator open() { return {path(), pool_, cache_, entropy_, log_, metrics_}; }
  static Authentication log_in(HtpasswdAuthenticator& users, const std::string& name, const std::string& password) {
    return run_task(users.authenticate({.what = BasicCredentials{.user = name, .password = password}}));
  }
  static bool lets_in(HtpasswdAuthenticator& users, const std::string& name, const std::string& password) {
    return log_in(users, name, password).outcome == Authentication::Outcome::accepted;
  }
  std::uint64_t check_count() {
    return metrics_.counter("berth_password_checks_total", "Passwords that were computed.", {{"store", "htpasswd"}})
        .value();
  }

  TemporaryDirectory directory_;
  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  ListeningLog log_;
  CredentialCache cache_{{}, clock_, entropy_, metrics_};
  BlockingPool pool_{"passwords", 1, 16};
};

TEST_F(HtpasswdAuthenticatorTest, LetsInWhoHasThePassword) {
  write(line("alice", "secret") + line("bob", "other"));
  HtpasswdAuthenticator users = open();
  const Authentication alice = log_in(users, "alice", "secret");
  EXPECT_EQ(alice.outcome, Authentication::Outcome::accepted);
  EXPECT_EQ(alice.identity->name, "alice");
  EXPECT_EQ(alice.identity->proof, Proof::password);
  EXPECT_EQ(log_in(users, "alice", "other").outcome, Authentication::Outcome::refused);
  EXPECT_EQ(log_in(users, "carol", "secret").outcome, Authentication::Outcome::unknown);
  EXPECT_FALSE(lets_in(users, "alice", ""));
  EXPECT_FALSE(lets_in(users, "alice", std::string("secret\0", 7)));
  EXPECT_FALSE(lets_in(users, "alice", std::string("secret\0x", 8)));
  EXPECT_EQ(run_task(users.authenticate({.what = BearerCredentials{.token = "x"}})).outcome,
            Authentication::Outcome::unknown);
}

TEST_F(HtpasswdAuthenticatorTest, KnowsTheHashesOfOtherPrograms) {
  // OpenBSD's, PHP's and htpasswd's prefixes; the vectors are those of crypt_blowfish's self-test.
  write(
      "b:$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"
      "a:$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n"
      "y:$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n");
  HtpasswdAuthenticator users = open();
  for (const char* name : {"a", "b", "y"}) EXPECT_TRUE(lets_in(users, name, "U*U")) << name;
}

TEST_F(HtpasswdAuthenticatorTest, UnknownNamesCostAsMuchAsKnownOnes) {
  write(line("alice", "secret", 5) + line("bob", "secret", 4));
  HtpasswdAuthenticator users = open();
  for (const auto& [name, password] : std::initializer_list<std::pair<const char*, const char*>>{
           {"alice", "secret"}, {"alice", "wrong"}, {"nobody", "secret"}, {"", ""}}) {
    const std::uint64_t before = check_count();
    log_in(users, name, password);
    EXPECT_EQ(check_count() - before, 1U) << name;
  }
}

TEST_F(HtpasswdAuthenticatorTest, TakesInChanges) {
  write(line("alice", "secret"));
  HtpasswdAuthenticator users = open();
  const CredentialCache::Key key = cache_.key_of_field("Basic alice");
  cache_.keep(key, log_in(users, "alice", "secret").identity, WallTime::max(), cache_.stamp());
  run_task(users.look_again());
  EXPECT_NE(cache_.find(key), nullptr);
  const std::string stamp = run_task(users.find_user("alice"))->stamp;
  write(line("alice", "changed") + line("bob", "new"));
  EXPECT_TRUE(lets_in(users, "bob", "new"));
  EXPECT_FALSE(lets_in(users, "alice", "secret"));
  EXPECT_EQ(cache_.find(key), nullptr) << "what was checked before is forgotten";
  EXPECT_NE(run_task(users.find_user("alice"))->stamp, stamp);
  write("");
  run_task(users.look_again());
  EXPECT_EQ(run_task(users.find_user("alice")), std::nullopt);
}

TEST_F(HtpasswdAuthenticatorTest, AFileThatIsGoneChangesNothing) {
  write(line("alice", "secret"));
  HtpasswdAuthenticator users = open();
  ::unlink(path().c_str());
  EXPECT_TRUE(lets_in(users, "alice", "secret"));
  run_task(users.look_again());
  EXPECT_NE(log_.text.find("the password file is gone"), std::string::npos);
  EXPECT_EQ(log_.text.find("gone"), log_.text.rfind("gone")) << "said once";
  write(line("bob", "secret"));
  EXPECT_TRUE(lets_in(users, "bob", "secret"));
}

TEST_F(HtpasswdAuthenticatorTest, MakesAMissingFileWithAUserAndSaysThePasswordOnce) {
  HtpasswdAuthenticator users = open();
  struct stat info{};
  ASSERT_EQ(::stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  const std::size_t at = log_.text.find("password=");
  ASSERT_NE(at, std::string::npos) << log_.text;
  const std::string password = log_.text.substr(at + 9, log_.text.find('\n', at) - at - 9);
  EXPECT_TRUE(lets_in(users, "docker", password));
  log_.text.clear();
  HtpasswdAuthenticator again = open();
  EXPECT_TRUE(lets_in(again, "docker", password));
  EXPECT_EQ(log_.text, "");
}

TEST_F(HtpasswdAuthenticatorTest, NamesRefusedLinesAndWhatCannotBeRead) {
  write("alice:$apr1$x$y\n" + line("bob", "secret"));
  HtpasswdAuthenticator users = open();
  EXPECT_NE(log_.text.find("file=" + path() + ":1"), std::string::npos) << log_.text;
  EXPECT_TRUE(lets_in(users, "bob", "secret"));
  EXPECT_FALSE(lets_in(users, "alice", "x"));
  ::unlink(path().c_str());
  ::mkdir(path().c_str(), 0700);
  EXPECT_THROW(open(), Failure);
}

}  // namespace
}  // namespace berth
