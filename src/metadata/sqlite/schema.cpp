#include "metadata/sqlite/schema.h"

#include <fmt/format.h>

#include <array>
#include <cstdlib>

#include "metadata/sqlite/migrations/0001_first.h"
#include "metadata/sqlite/migrations/0002_accounts.h"
#include "metadata/sqlite/migrations/0003_collection.h"
#include "metadata/sqlite/migrations/0004_trash.h"
#include "metadata/sqlite/migrations/0005_scrub.h"
#include "metadata/sqlite/migrations/0006_quotas.h"
#include "metadata/sqlite/migrations/0007_retention.h"
#include "metadata/sqlite/migrations/0008_jobs.h"
#include "metadata/sqlite/migrations/0009_repositories.h"
#include "metadata/sqlite/migrations/0010_pins.h"
#include "metadata/sqlite/migrations/0011_adoption.h"

namespace berth::sqlite {
namespace {

constexpr std::array<const char*, 11> kMigrations{kMigration0001, kMigration0002, kMigration0003, kMigration0004,
                                                  kMigration0005, kMigration0006, kMigration0007, kMigration0008,
                                                  kMigration0009, kMigration0010, kMigration0011};

// PRAGMA application_id of our databases: "Bert".
constexpr long long kApplicationId = 0x42657274;

long long read_number(Connection& connection, const std::string& sql) {
  const std::vector<std::string> values = connection.read_values(sql);
  return values.empty() ? 0 : std::strtoll(values.front().c_str(), nullptr, 10);
}

void migrate(Connection& connection, int version) {
  connection.execute("BEGIN IMMEDIATE");
  try {
    connection.execute(kMigrations[static_cast<std::size_t>(version - 1)],
                       fmt::format("upgrading to schema {}", version));
    connection.execute(fmt::format("PRAGMA application_id = {}", kApplicationId));
    connection.execute(fmt::format("PRAGMA user_version = {}", version));
    connection.execute("COMMIT");
  } catch (...) {
    if (!connection.is_idle()) connection.execute("ROLLBACK");
    throw;
  }
}

}  // namespace

int newest_schema() {
  return static_cast<int>(kMigrations.size());
}

long long expect_ours(Connection& connection, const std::string& path) {
  const long long application = read_number(connection, "PRAGMA application_id");
  const long long version = read_number(connection, "PRAGMA user_version");
  const long long tables = read_number(connection, "SELECT count(*) FROM sqlite_schema");
  if (application != kApplicationId && (application != 0 || tables != 0)) {
    throw Failure(FailureKind::metadata, fmt::format("{} is a SQLite database, but not one of Berth's", path));
  }
  if (version > newest_schema()) {
    throw Failure(FailureKind::metadata,
                  fmt::format("{} was written by a newer Berth (schema {}, this program knows up to {})", path, version,
                              newest_schema()));
  }
  return version;
}

void prepare_schema(Connection& connection, const std::string& path, int up_to) {
  const long long version = expect_ours(connection, path);
  const std::vector<std::string> mode = connection.read_values("PRAGMA journal_mode = WAL");
  if (mode.empty() || mode.front() != "wal") {
    throw Failure(FailureKind::metadata, fmt::format("{} lies where SQLite cannot keep a write-ahead log", path));
  }
  for (int next = static_cast<int>(version) + 1; next <= up_to; ++next) migrate(connection, next);
}

}  // namespace berth::sqlite
