#include "metadata/sqlite/schema.h"

#include <fmt/format.h>

#include <fstream>

#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

class SqliteSchema : public SqliteStoreTest {
 protected:
  void run_sql(const std::string& sql) { sqlite::Connection({.path = path()}, sqlite::Access::write).execute(sql); }

  std::string refusal() {
    try {
      const SqliteMetadataStore store(options());
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), FailureKind::metadata);
      EXPECT_EQ(std::string(failure.what()).find('\n'), std::string::npos) << "one line";
      return failure.what();
    }
    return "opened";
  }
};

}  // namespace

TEST_F(SqliteSchema, OpensWhatItMade) {
  {
    SqliteMetadataStore store(options());
    run_task(store.set_registry_id("id"));
  }
  SqliteMetadataStore store(options());
  EXPECT_EQ(run_task(store.registry_id()), "id");
  EXPECT_TRUE(run_task(store.check_integrity()).empty());
}

TEST_F(SqliteSchema, UpgradesADatabaseOfEveryOlderSchemaAndKeepsWhatItHolds) {
  for (int old = 1; old < sqlite::newest_schema(); ++old) {
    const std::string file = directory() / fmt::format("of-schema-{}.db", old);
    {
      sqlite::Connection connection({.path = file}, sqlite::Access::write);
      sqlite::prepare_schema(connection, file, old);
      connection.execute("INSERT INTO setting (name, value) VALUES ('registry_id', 'the same')");
      connection.execute(
          "INSERT INTO repository (id, name, created, manifest_count, is_listed) VALUES (7, 'a/b', 1, 1, 1)");
      ASSERT_EQ(connection.read_values("PRAGMA user_version"), std::vector<std::string>{fmt::format("{}", old)});
    }
    {
      SqliteMetadataStore store(SqliteOptions{.path = file});
      EXPECT_EQ(run_task(store.registry_id()), "the same");
      EXPECT_TRUE(run_task(store.repository_exists(RepositoryName::parse("a/b").value())));
      EXPECT_TRUE(run_task(store.accounts().create_user({.name = AccountName::parse("alice").value(),
                                                         .secret_hash = "",
                                                         .created = WallTime(),
                                                         .last_login = std::nullopt})));
      EXPECT_TRUE(run_task(store.check_integrity()).empty());
    }
    sqlite::Connection connection({.path = file}, sqlite::Access::write);
    EXPECT_EQ(connection.read_values("PRAGMA user_version"),
              std::vector<std::string>{fmt::format("{}", sqlite::newest_schema())});
  }
}

TEST_F(SqliteSchema, AnUpgradeThatBreaksLeavesTheOldSchemaWhole) {
  {
    sqlite::Connection connection({.path = path()}, sqlite::Access::write);
    sqlite::prepare_schema(connection, path(), 1);
    // In the way of the second migration's last table.
    connection.execute("CREATE TABLE access_rule (x)");
  }
  EXPECT_NE(refusal().find("access_rule"), std::string::npos) << refusal();
  sqlite::Connection connection({.path = path()}, sqlite::Access::write);
  EXPECT_EQ(connection.read_values("PRAGMA user_version"), std::vector<std::string>{"1"});
  EXPECT_TRUE(connection.read_values("SELECT name FROM sqlite_schema WHERE name = 'account'").empty());
}

TEST_F(SqliteSchema, RefusesADatabaseOfANewerProgramAndTouchesNothing) {
  {
    SqliteMetadataStore store(options());
  }
  run_sql(fmt::format("PRAGMA user_version = {}", sqlite::newest_schema() + 1));
  std::ifstream before_file(path(), std::ios::binary);
  const std::string before((std::istreambuf_iterator<char>(before_file)), {});
  EXPECT_NE(refusal().find("written by a newer Berth"), std::string::npos) << refusal();
  std::ifstream after_file(path(), std::ios::binary);
  const std::string after((std::istreambuf_iterator<char>(after_file)), {});
  EXPECT_EQ(before, after);
}

TEST_F(SqliteSchema, RefusesADatabaseOfSomebodyElse) {
  run_sql("CREATE TABLE song (title TEXT)");
  EXPECT_NE(refusal().find("not one of Berth's"), std::string::npos) << refusal();
}

TEST_F(SqliteSchema, RefusesAFileThatIsNoDatabase) {
  std::ofstream(path()) << std::string(8192, 'x');
  EXPECT_NE(refusal().find("not a database"), std::string::npos) << refusal();
}

TEST_F(SqliteSchema, TheIntegrityCheckFindsADamagedPage) {
  {
    SqliteMetadataStore store(options());
    for (int i = 0; i < 20; ++i)
      run_task(store.put_manifest(plain_manifest("a", std::string(20'000, 'x') + fmt::format("{}", i))));
    EXPECT_TRUE(run_task(store.check_integrity()).empty());
  }
  {
    std::fstream file(path(), std::ios::binary | std::ios::in | std::ios::out);
    file.seekp(-4 * 4'096, std::ios::end);
    file << std::string(4 * 4'096, '\xff');
  }
  SqliteMetadataStore store(options());
  EXPECT_FALSE(run_task(store.check_integrity()).empty());
}

TEST_F(SqliteSchema, SaysWhichDirectoryIsMissing) {
  SqliteOptions elsewhere = options();
  elsewhere.path = directory() / "none" / "metadata.db";
  try {
    const SqliteMetadataStore store(elsewhere);
    FAIL() << "opened";
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find(elsewhere.path), std::string::npos) << failure.what();
  }
}

}  // namespace berth
