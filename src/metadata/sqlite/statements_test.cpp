// Holds every statement of the table to its plan: by key or keyset, and nothing sorts. What a request costs must not depend
// on how much is stored.
#include "metadata/sqlite/statements.h"

#include <gtest/gtest.h>
#include <sqlite3.h>

#include <algorithm>
#include <string>
#include <vector>

#include "metadata/sqlite/connection.h"
#include "metadata/sqlite/schema.h"
#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

class StatementPlans : public SqliteStoreTest {
 protected:
  StatementPlans() : connection_({.path = path()}, sqlite::Access::write) { sqlite::prepare_schema(connection_, path()); }

  std::vector<std::string> plan_of(std::string_view sql) {
    std::vector<std::string> lines;
    sqlite3_stmt* statement = nullptr;
    const std::string text = "EXPLAIN QUERY PLAN " + std::string(sql);
    EXPECT_EQ(sqlite3_prepare_v2(connection_.handle(), text.c_str(), -1, &statement, nullptr), SQLITE_OK)
        << sqlite3_errmsg(connection_.handle());
    while (sqlite3_step(statement) == SQLITE_ROW) {
      lines.emplace_back(reinterpret_cast<const char*>(sqlite3_column_text(statement, 3)));
    }
    sqlite3_finalize(statement);
    return lines;
  }

  static bool is_bad(const std::string& line) {
    return line.starts_with("SCAN") || line.find("TEMP B-TREE") != std::string::npos ||
           line.find("AUTOMATIC") != std::string::npos;
  }

  sqlite::Connection connection_;
};

}  // namespace

TEST_F(StatementPlans, NoStatementScansOrSorts) {
  std::size_t explained = 0;
  for (std::size_t i = 0; i < sqlite::kStatementCount; ++i) {
    const std::string_view sql = sqlite::text_of(static_cast<sqlite::Statement>(i));
    const std::vector<std::string> plan = plan_of(sql);
    for (const std::string& line : plan) EXPECT_FALSE(is_bad(line)) << sql << "\n  " << line;
    if (!plan.empty()) ++explained;
  }
  // Only transaction control and plain inserts have no plan.
  EXPECT_GT(explained, sqlite::kStatementCount / 2);
}

TEST_F(StatementPlans, TheTestSeesAScanAndASort) {
  EXPECT_TRUE(std::ranges::any_of(plan_of("SELECT name FROM tag WHERE name = 'v1'"), is_bad));
  EXPECT_TRUE(std::ranges::any_of(plan_of("SELECT name FROM tag WHERE repository = 1 ORDER BY manifest"), is_bad));
}

TEST_F(StatementPlans, TheCatalogAndTheReferrersUseTheirIndexes) {
  const auto uses = [this](sqlite::Statement statement, std::string_view index) {
    return std::ranges::any_of(plan_of(sqlite::text_of(statement)),
                               [index](const std::string& line) { return line.find(index) != std::string::npos; });
  };
  EXPECT_TRUE(uses(sqlite::Statement::list_repositories, "repository_listed"));
  EXPECT_TRUE(uses(sqlite::Statement::list_referrers, "manifest_by_subject "));
  EXPECT_TRUE(uses(sqlite::Statement::list_referrers_of_type, "manifest_by_subject_and_type"));
  EXPECT_TRUE(uses(sqlite::Statement::find_manifest_that_names, "manifest_reference_by_child"));
}

}  // namespace berth
