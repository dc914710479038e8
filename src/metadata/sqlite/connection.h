// Connection and Query: the thin layer over SQLite's C interface. Every statement that is not schema work comes from
// the table in statements.h, is prepared once a connection and kept.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include "base/clock.h"
#include "base/failure.h"
#include "content/digest.h"
#include "metadata/sqlite/statements.h"

struct sqlite3;
struct sqlite3_stmt;

namespace berth::sqlite {

/// Bytes that are bound without a copy: they must stay until the query is gone.
struct BorrowedBytes {
  std::string_view bytes;
};

/// A statement with its parameters bound; reset when it goes.
///
/// Threading: the connection's. One Query of a statement at a time.
class Query {
 public:
  Query(Query&& other) noexcept
      : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)), steps_(other.steps_) {}
  Query(const Query&) = delete;
  Query& operator=(Query&&) = delete;
  ~Query();

  /// True if it stands on a row, false at the end. Throws Failure(metadata), Failure(storage_full).
  bool step();
  /// Steps to the end, over rows too.
  void run();

  std::int64_t integer(int column) const;
  std::uint64_t count(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  WallTime time(int column) const { return WallTime(std::chrono::microseconds(integer(column))); }
  std::optional<WallTime> optional_time(int column) const {
    if (is_null(column)) return std::nullopt;
    return time(column);
  }
  bool is_null(int column) const;
  /// Text or blob; valid until the next step.
  std::string_view bytes(int column) const;
  std::string text(int column) const { return std::string(bytes(column)); }
  Digest digest(int column) const;
  std::optional<Digest> optional_digest(int column) const;

 private:
  friend class Connection;
  Query(sqlite3* database, sqlite3_stmt* statement, std::atomic<std::uint64_t>* steps)
      : database_(database), statement_(statement), steps_(steps) {}

  void bind(int index, std::int64_t value);
  void bind(int index, std::string_view text);
  void bind(int index, BorrowedBytes borrowed);
  void bind(int index, const Digest& digest);
  void bind(int index, std::nullopt_t);
  void bind(int index, const std::string& text) { bind(index, std::string_view(text)); }
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, WallTime time) { bind(index, std::int64_t{time.time_since_epoch().count()}); }
  template <class E>
    requires std::is_enum_v<E>
  void bind(int index, E value) {
    bind(index, static_cast<std::int64_t>(std::to_underlying(value)));
  }
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    if (value) {
      bind(index, *value);
    } else {
      bind(index, std::nullopt);
    }
  }
  void expect_parameter_count(int bound) const;

  sqlite3* database_;
  sqlite3_stmt* statement_;
  std::atomic<std::uint64_t>* steps_;
};

struct KeptScopes;

struct ConnectionOptions {
  std::string path;
  std::string vfs_name = {};  ///< SQLite's default if empty; tests put a faulty file system there
  std::uint64_t cache_bytes = 16U << 20;
  std::uint64_t mmap_bytes = 0;
  std::chrono::milliseconds busy_limit{5'000};       ///< how long a lock is waited for
  const KeptScopes* scopes = nullptr;                ///< what its changes are charged to; null: nothing
  const std::atomic<bool>* follows_links = nullptr;  ///< of a writer: whether it has the link triggers; null: no
  std::atomic<std::uint64_t>* steps = nullptr;  ///< where its queries' steps of SQLite's machine are added up, if given
};

enum class Access { write, read_only };

/// One SQLite connection with its prepared statements.
///
/// Threading: one thread at a time; may be handed on with synchronisation.
/// Failures:  Failure(storage_full) for a full disk, else Failure(metadata); both end with SQLite's words.
class Connection {
 public:
  /// Opens, and makes the file if there is none (Access::write).
  Connection(ConnectionOptions options, Access access);
  ~Connection();
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Binds ?1, ?2, ... in the order given; the arguments may go before the query (but for BorrowedBytes).
  template <class... Parameters>
  Query query(Statement statement, const Parameters&... parameters) {
    Query query(database_, prepared(statement), steps_);
    int index = 0;
    (query.bind(++index, parameters), ...);
    query.expect_parameter_count(index);
    return query;
  }
  /// For a change: runs it and returns how many rows it changed.
  template <class... Parameters>
  std::int64_t change(Statement statement, const Parameters&... parameters) {
    query(statement, parameters...).run();
    return changed_count();
  }

  /// Schema work and settings: text that is run once. A failure says what it was for; unless given, the text itself.
  void execute(const std::string& sql, const std::string& purpose = {});
  /// The first column of every row, as text.
  std::vector<std::string> read_values(const std::string& sql);

  /// Leaves the log as it is when this closes; SQLite's default is to put it away with the last connection.
  void keep_log_on_close();

  /// False once a BEGIN stands and until its COMMIT; SQLite takes back a whole transaction by itself on some I/O
  /// errors.
  bool is_idle() const;
  std::int64_t last_row_id() const;
  std::int64_t changed_count() const;
  sqlite3* handle() const { return database_; }
  const KeptScopes* scopes() const { return scopes_; }

 private:
  sqlite3_stmt* prepared(Statement statement);

  sqlite3* database_ = nullptr;
  const KeptScopes* scopes_;
  std::atomic<std::uint64_t>* steps_;
  std::array<sqlite3_stmt*, kStatementCount> statements_{};
};

/// The failure that a SQLite result code stands for; `database` (may be null) adds its message.
Failure failure_from_sqlite(const std::string& what, int code, sqlite3* database);

}  // namespace berth::sqlite
