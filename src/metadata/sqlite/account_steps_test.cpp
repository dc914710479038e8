// What a question about accounts costs does not depend on how many there are: counted in steps of SQLite's machine,
// which are the same on every computer.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/schema.h"
#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

using sqlite::Statement;
using Values = std::vector<std::variant<std::int64_t, std::string>>;

struct Question {
  Statement statement;
  Values values;
};

/// Questions about somebody in the middle. Those that move rules aside are not among them: rules are few, and changed
/// by hand.
const std::vector<Question> kQuestions{
    {Statement::create_user, {"u00000100x", "", 1, 1, 1}},
    {Statement::find_user, {"u00000100"}},
    {Statement::list_users, {"u00000050", 51}},
    {Statement::set_user_secret, {"u00000100", "hash"}},
    {Statement::set_user_state, {"u00000100", 2}},
    {Statement::record_login, {"u00000100", 9, 8}},
    {Statement::delete_memberships_of_user, {"u00000100"}},
    {Statement::delete_tokens_of_user, {"u00000100"}},
    {Statement::delete_user, {"u00000100"}},
    {Statement::create_group, {"g00000100x", "", 1}},
    {Statement::find_group, {"g00000100"}},
    {Statement::list_groups, {"g00000050", 51}},
    {Statement::add_member, {"g00000100", "u00000101"}},
    {Statement::list_members, {"g00000100", "", 51}},
    {Statement::list_groups_of_user, {"u00000101"}},
    {Statement::delete_member, {"g00000100", "u00000100"}},
    {Statement::delete_members, {"g00000100"}},
    {Statement::delete_group, {"g00000100"}},
    {Statement::create_robot, {"r00000100x", "", "another secret", "pull:**", 1, "", 1, 1}},
    {Statement::find_robot, {"r00000100"}},
    {Statement::find_robot_by_secret, {"secret r00000100"}},
    {Statement::list_robots, {"r00000050", 51}},
    {Statement::rotate_robot, {"r00000100", "new secret", 1}},
    {Statement::record_robot_use, {"r00000100", 9, 8}},
    {Statement::delete_robot, {"r00000100"}},
    {Statement::create_token, {"t00000100x", "u00000101", "", "another secret", "", 1, 1, 1}},
    {Statement::find_token_by_secret, {"secret t00000101"}},
    {Statement::list_tokens, {"u00000101", "", 51}},
    {Statement::record_token_use, {"t00000101", 9, 8}},
    {Statement::delete_token, {"t00000101", "u00000101"}},
    {Statement::find_last_rule, {}},
    {Statement::find_rule, {"a00000100"}},
    {Statement::create_rule, {"a00000100x", 999'999, "allow pull to anonymous", "", 1, ""}},
    {Statement::delete_rule, {"a00000100"}},
    {Statement::list_rules, {50, 51}},
};

constexpr std::string_view kFill = R"sql(
CREATE TEMP TABLE number AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {0})
  SELECT i, printf('%08d', i) AS text FROM n;
INSERT INTO account SELECT 'u' || text, 'hash', 1, 1, NULL FROM number;
INSERT INTO account_group SELECT 'g' || text, '', 1 FROM number;
INSERT INTO group_member SELECT 'g' || text, 'u' || text FROM number;
INSERT INTO robot SELECT 'r' || text, '', CAST('secret r' || text AS BLOB), 'pull:**', 1, '', NULL, NULL FROM number;
INSERT INTO access_token SELECT 't' || text, 'u' || text, '', CAST('secret t' || text AS BLOB), '', 1, NULL, NULL FROM number;
INSERT INTO access_rule SELECT 'a' || text, i, 'allow pull to anonymous', '', 1, '' FROM number;
DROP TABLE number;
)sql";

class AccountSteps : public SqliteStoreTest {
 protected:
  /// The steps of each question, asked of `count` of everything.
  std::vector<int> steps_with(std::size_t count) {
    const std::string file = directory() / fmt::format("of-{}.db", count);
    sqlite::Connection connection({.path = file}, sqlite::Access::write);
    sqlite::prepare_schema(connection, file);
    connection.execute("PRAGMA synchronous = OFF");
    connection.execute("BEGIN");
    connection.execute(fmt::format(kFill, count));
    connection.execute("COMMIT");
    std::vector<int> steps;
    for (const Question& question : kQuestions) {
      connection.execute("BEGIN");
      steps.push_back(run(connection, question));
      connection.execute("ROLLBACK");
    }
    return steps;
  }

 private:
  static int run(sqlite::Connection& connection, const Question& question) {
    const std::string text(sqlite::text_of(question.statement));
    sqlite3_stmt* statement = nullptr;
    EXPECT_EQ(sqlite3_prepare_v2(connection.handle(), text.c_str(), -1, &statement, nullptr), SQLITE_OK) << text;
    EXPECT_EQ(sqlite3_bind_parameter_count(statement), static_cast<int>(question.values.size())) << text;
    int index = 0;
    for (const auto& value : question.values) {
      ++index;
      if (const auto* number = std::get_if<std::int64_t>(&value)) {
        sqlite3_bind_int64(statement, index, *number);
      } else if (const auto& bytes = std::get<std::string>(value); bytes.find("secret") != std::string::npos) {
        sqlite3_bind_blob(statement, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
      } else {
        sqlite3_bind_text(statement, index, bytes.data(), static_cast<int>(bytes.size()), SQLITE_STATIC);
      }
    }
    int rows = 0;
    int result = SQLITE_ROW;
    while ((result = sqlite3_step(statement)) == SQLITE_ROW) ++rows;
    EXPECT_EQ(result, SQLITE_DONE) << text << ": " << sqlite3_errmsg(connection.handle());
    if (!text.starts_with("SELECT")) rows = sqlite3_changes(connection.handle());
    EXPECT_GT(rows, 0) << "asks about nobody: " << text;
    EXPECT_EQ(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_FULLSCAN_STEP, 0), 0) << text;
    EXPECT_EQ(sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_SORT, 0), 0) << text;
    const int steps = sqlite3_stmt_status(statement, SQLITE_STMTSTATUS_VM_STEP, 0);
    sqlite3_finalize(statement);
    return steps;
  }
};

}  // namespace

TEST_F(AccountSteps, AreTheSameForAHundredThousandAsForTwoHundred) {
  const std::vector<int> few = steps_with(200);
  const std::vector<int> many = steps_with(100'000);
  for (std::size_t i = 0; i < kQuestions.size(); ++i) {
    EXPECT_GT(few[i], 0);
    EXPECT_EQ(many[i], few[i]) << sqlite::text_of(kQuestions[i].statement);
  }
}

TEST_F(AccountSteps, EveryStatementAboutAccountsIsAsked) {
  for (auto number = static_cast<std::size_t>(Statement::create_user); number < sqlite::kStatementCount; ++number) {
    const auto statement = static_cast<Statement>(number);
    if (statement == Statement::move_rules_back || statement == Statement::move_rules_up) continue;
    const bool is_asked =
        std::ranges::any_of(kQuestions, [statement](const Question& each) { return each.statement == statement; });
    EXPECT_TRUE(is_asked) << sqlite::text_of(statement);
  }
}

}  // namespace berth
