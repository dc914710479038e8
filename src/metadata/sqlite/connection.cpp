#include "metadata/sqlite/connection.h"

#include <fmt/format.h>
#include <sqlite3.h>

#include <cerrno>
#include <cstring>
#include <span>
#include <system_error>

namespace berth::sqlite {
namespace {

// A digest as a key: one byte of algorithm, then the raw bytes. The algorithms' numbers ascend as their names do, so
// the order of the keys is the order of the digests' text.
constexpr std::size_t kMaxDigestKeyBytes = 65;
static_assert(kHashAlgorithms[0].name < kHashAlgorithms[1].name);

void check(int code, const char* what, sqlite3* database) {
  if (code != SQLITE_OK) throw failure_from_sqlite(what, code, database);
}

}  // namespace

Failure failure_from_sqlite(const std::string& what, int code, sqlite3* database) {
  const int primary = code & 0xff;
  std::string text = fmt::format("metadata: {}: {}", what, sqlite3_errstr(code));
  bool is_full = primary == SQLITE_FULL;
  if (database) {
    if ((sqlite3_errcode(database) & 0xff) == primary) text += fmt::format(" ({})", sqlite3_errmsg(database));
    const int system_error = primary == SQLITE_IOERR ? sqlite3_system_errno(database) : 0;
    is_full = is_full || system_error == ENOSPC || system_error == EDQUOT;
    if (system_error != 0) text += fmt::format(" [{}]", std::generic_category().message(system_error));
  }
  return Failure(is_full ? FailureKind::storage_full : FailureKind::metadata, text);
}

Query::~Query() {
  if (!statement_) return;
  sqlite3_reset(statement_);
  if (steps_) {
    const int steps = sqlite3_stmt_status(statement_, SQLITE_STMTSTATUS_VM_STEP, 1);
    steps_->fetch_add(static_cast<std::uint64_t>(steps), std::memory_order_relaxed);
  }
  sqlite3_clear_bindings(statement_);
}

bool Query::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  throw failure_from_sqlite("a statement failed", code, database_);
}

void Query::run() {
  while (step()) {
  }
}

std::int64_t Query::integer(int column) const {
  return sqlite3_column_int64(statement_, column);
}

bool Query::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

std::string_view Query::bytes(int column) const {
  const void* data = sqlite3_column_blob(statement_, column);
  const int length = sqlite3_column_bytes(statement_, column);
  return {static_cast<const char*>(data), static_cast<std::size_t>(length)};
}

Digest Query::digest(int column) const {
  const std::string_view key = bytes(column);
  for (const HashAlgorithmInfo& row : kHashAlgorithms) {
    if (key.size() == row.length_bytes + 1 && static_cast<std::uint8_t>(key[0]) == std::to_underlying(row.algorithm)) {
      return Digest::from_bytes(row.algorithm, std::as_bytes(std::span(key.substr(1))));
    }
  }
  throw Failure(FailureKind::metadata, "metadata: a stored digest is damaged");
}

std::optional<Digest> Query::optional_digest(int column) const {
  if (is_null(column)) return std::nullopt;
  return digest(column);
}

void Query::bind(int index, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, index, value), "binding a number", database_);
}

void Query::bind(int index, std::string_view text) {
  // Never a null pointer: that would bind NULL for an empty text.
  const char* data = text.empty() ? "" : text.data();
  check(sqlite3_bind_text64(statement_, index, data, text.size(), SQLITE_TRANSIENT, SQLITE_UTF8), "binding a text",
        database_);
}

void Query::bind(int index, BorrowedBytes borrowed) {
  const char* data = borrowed.bytes.empty() ? "" : borrowed.bytes.data();
  check(sqlite3_bind_blob64(statement_, index, data, borrowed.bytes.size(), SQLITE_STATIC), "binding bytes", database_);
}

void Query::bind(int index, const Digest& digest) {
  std::array<char, kMaxDigestKeyBytes> key;
  const std::span<const std::byte> bytes = digest.bytes();
  key[0] = static_cast<char>(std::to_underlying(digest.algorithm()));
  std::memcpy(key.data() + 1, bytes.data(), bytes.size());
  check(sqlite3_bind_blob64(statement_, index, key.data(), bytes.size() + 1, SQLITE_TRANSIENT), "binding a digest",
        database_);
}

void Query::bind(int index, std::nullopt_t) {
  check(sqlite3_bind_null(statement_, index), "binding nothing", database_);
}

void Query::expect_parameter_count(int bound) const {
  if (sqlite3_bind_parameter_count(statement_) == bound) return;
  throw Failure(FailureKind::internal, fmt::format("{} parameters for: {}", bound, sqlite3_sql(statement_)));
}

Connection::Connection(ConnectionOptions options, Access access) : scopes_(options.scopes), steps_(options.steps) {
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (access == Access::write ? SQLITE_OPEN_CREATE : 0);
  const char* vfs = options.vfs_name.empty() ? nullptr : options.vfs_name.c_str();
  const int opened = sqlite3_open_v2(options.path.c_str(), &database_, flags, vfs);
  try {
    check(opened, options.path.c_str(), database_);
    sqlite3_extended_result_codes(database_, 1);
    sqlite3_busy_timeout(database_, static_cast<int>(options.busy_limit.count()));
    // A database that somebody tampered with must not be able to run functions of its schema.
    sqlite3_db_config(database_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    execute("PRAGMA synchronous = FULL");
    execute("PRAGMA wal_autocheckpoint = 0");
    // Savepoints keep their page images in a temporary store.
    execute("PRAGMA temp_store = MEMORY");
    execute(fmt::format("PRAGMA cache_size = -{}", options.cache_bytes / 1024));
    execute(fmt::format("PRAGMA mmap_size = {}", options.mmap_bytes));
    if (access == Access::read_only) execute("PRAGMA query_only = ON");
  } catch (...) {
    sqlite3_close(database_);
    throw;
  }
}

Connection::~Connection() {
  for (sqlite3_stmt* statement : statements_) sqlite3_finalize(statement);
  sqlite3_close(database_);
}

sqlite3_stmt* Connection::prepared(Statement statement) {
  sqlite3_stmt*& slot = statements_[static_cast<std::size_t>(statement)];
  if (!slot) {
    const std::string_view sql = text_of(statement);
    check(sqlite3_prepare_v3(database_, sql.data(), static_cast<int>(sql.size()), SQLITE_PREPARE_PERSISTENT, &slot,
                             nullptr),
          "preparing a statement", database_);
  }
  if (sqlite3_stmt_busy(slot)) {
    throw Failure(FailureKind::internal, fmt::format("nested use of: {}", text_of(statement)));
  }
  return slot;
}

void Connection::execute(const std::string& sql, const std::string& purpose) {
  const std::string& what = purpose.empty() ? sql : purpose;
  check(sqlite3_exec(database_, sql.c_str(), nullptr, nullptr, nullptr), what.c_str(), database_);
}

std::vector<std::string> Connection::read_values(const std::string& sql) {
  sqlite3_stmt* statement = nullptr;
  check(sqlite3_prepare_v2(database_, sql.c_str(), -1, &statement, nullptr), sql.c_str(), database_);
  std::vector<std::string> values;
  int code = SQLITE_ROW;
  while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
    const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
    values.emplace_back(text ? text : "");
  }
  sqlite3_finalize(statement);
  if (code != SQLITE_DONE) throw failure_from_sqlite(sql, code, database_);
  return values;
}

void Connection::keep_log_on_close() {
  check(sqlite3_db_config(database_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr), "keeping the log", database_);
}

bool Connection::is_idle() const {
  return sqlite3_get_autocommit(database_) != 0;
}
std::int64_t Connection::last_row_id() const {
  return sqlite3_last_insert_rowid(database_);
}
std::int64_t Connection::changed_count() const {
  return sqlite3_changes64(database_);
}

}  // namespace berth::sqlite
