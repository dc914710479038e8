#include "metadata/sqlite/sqlite_metadata_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include "base/unique_fd.h"
#include "metadata/sqlite/schema.h"
#include "metadata/sqlite/sqlite_snapshot.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;

namespace {

constexpr std::string_view kRegistryId = "registry_id";
constexpr std::string_view kReadOnly = "read_only";
constexpr std::string_view kOn = "on";
constexpr std::string_view kOff = "off";

sqlite::ConnectionOptions connection_options(const SqliteOptions& options) {
  return {.path = options.path,
          .vfs_name = options.vfs_name,
          .cache_bytes = options.cache_bytes,
          .mmap_bytes = options.mmap_bytes,
          .busy_limit = options.busy_limit};
}

// Before anything else of the store is made, since every other connection needs the schema.
sqlite::ConnectionOptions open_database(const SqliteOptions& options) {
  {
    Connection connection(connection_options(options), sqlite::Access::write);
    sqlite::prepare_schema(connection, options.path);
    // What a crash left in the log is the checkpointer's work, behind serving.
    connection.keep_log_on_close();
  }
  // SQLite syncs the directory for its logs only: the database's own name must survive a power cut, too.
  const std::filesystem::path parent = std::filesystem::absolute(options.path).parent_path();
  const UniqueFd directory(::open(parent.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (directory.get() < 0 || ::fsync(directory.get()) != 0) {
    throw failure_from_errno(FailureKind::metadata, "metadata: syncing " + parent.string(), errno);
  }
  return connection_options(options);
}

sqlite::ConnectionOptions checkpoint_connection_options(const SqliteOptions& options) {
  sqlite::ConnectionOptions connection = open_database(options);
  connection.busy_limit = options.checkpoint_hold_limit;
  return connection;
}

}  // namespace

SqliteMetadataStore::SqliteMetadataStore(SqliteOptions options)
    : options_(std::move(options)),
      checkpointer_(checkpoint_connection_options(options_), options_.wal_limit_bytes,
                    options_.checkpoint_retry_interval, write_gate_, read_gate_),
      writer_(writing_connection_options(),
              {.queued_requests = options_.write_queue_limit,
               .group_requests = options_.write_group_limit,
               .group_bytes = options_.write_group_bytes},
              write_gate_, checkpointer_),
      readers_(serving_connection_options(), options_.reader_count, options_.read_queue_limit, read_gate_),
      retention_(connection_options(options_), readers_, writer_,
                 [this] { return is_stopping_ || checkpointer_.wal_bytes() > 4 * options_.wal_limit_bytes; }),
      check_pool_("meta-check", 1, 1),
      snapshot_pool_("meta-snapshot", 1, 4) {}

SqliteMetadataStore::~SqliteMetadataStore() {
  is_stopping_ = true;
}

sqlite::ConnectionOptions SqliteMetadataStore::serving_connection_options() {
  sqlite::ConnectionOptions connection = connection_options(options_);
  connection.scopes = &scopes_;
  connection.steps = &steps_;
  return connection;
}

// After the schema is there, and before anything can be changed.
sqlite::ConnectionOptions SqliteMetadataStore::writing_connection_options() {
  Connection connection(connection_options(options_), sqlite::Access::read_only);
  follows_links_ = sqlite::read_link_state(connection) != LinkTreeState::ignored;
  sqlite::ConnectionOptions options = serving_connection_options();
  options.follows_links = &follows_links_;
  return options;
}

Task<std::optional<std::string>> SqliteMetadataStore::registry_id() {
  return read([](Connection& connection) -> std::optional<std::string> {
    Query query = connection.query(Statement::read_setting, kRegistryId);
    if (!query.step()) return std::nullopt;
    return query.text(0);
  });
}

Task<> SqliteMetadataStore::set_registry_id(std::string id) {
  return write(
      [id = std::move(id)](Connection& connection) { connection.change(Statement::write_setting, kRegistryId, id); });
}

Task<bool> SqliteMetadataStore::is_read_only() {
  return read([](Connection& connection) {
    Query query = connection.query(Statement::read_setting, kReadOnly);
    return query.step() && query.bytes(0) == kOn;
  });
}

Task<> SqliteMetadataStore::set_read_only(bool is_on) {
  return write(
      [is_on](Connection& connection) { connection.change(Statement::write_setting, kReadOnly, is_on ? kOn : kOff); });
}

Task<std::vector<Review>> SqliteMetadataStore::due_reviews(WallTime now, std::size_t limit) {
  return read([now, limit](Connection& connection) {
    std::vector<Review> due;
    Query query = connection.query(Statement::list_due_reviews, now, sqlite::limit_and_one(limit) - 1);
    while (query.step()) {
      std::optional<RepositoryName> repository;
      if (!query.is_null(1)) repository = sqlite::stored_repository_name(query.bytes(1));
      due.push_back(
          Review{static_cast<ReviewKind>(query.integer(0)), std::move(repository), query.digest(2), query.time(3)});
    }
    return due;
  });
}

Task<> SqliteMetadataStore::check_health() {
  co_await registry_id();
  co_await write([](Connection&) {});
}

Task<> SqliteMetadataStore::write_snapshot(std::string path) {
  return run_blocking(snapshot_pool_, [this, path = std::move(path)] {
    Connection connection(connection_options(options_), sqlite::Access::read_only);
    sqlite::copy_database(connection, path);
  });
}

Task<std::vector<std::string>> SqliteMetadataStore::check_integrity() {
  return run_blocking(check_pool_, [this] { return check_integrity_blocking(); });
}

std::vector<std::string> SqliteMetadataStore::check_integrity_blocking() {
  Connection connection(connection_options(options_), sqlite::Access::read_only);
  // Asked every so many steps of SQLite's machine: often enough to stop within milliseconds.
  constexpr int kStepsBetweenLooks = 10'000;
  sqlite3_progress_handler(
      connection.handle(), kStepsBetweenLooks,
      [](void* self) {
        const auto& store = *static_cast<SqliteMetadataStore*>(self);
        return int{store.is_stopping_ || store.checkpointer_.wal_bytes() > 4 * store.options_.wal_limit_bytes};
      },
      this);
  std::vector<std::string> findings;
  for (const std::string& table : connection.read_values("SELECT name FROM sqlite_schema WHERE type = 'table'")) {
    try {
      for (std::string& line : connection.read_values(fmt::format("PRAGMA quick_check(\"{}\")", table))) {
        if (line != "ok") findings.push_back(table + ": " + std::move(line));
      }
    } catch (const Failure& failure) {
      if (is_stopping_) throw Failure(FailureKind::shutting_down, "the integrity check was broken off");
      const int code = sqlite3_errcode(connection.handle()) & 0xff;
      if (code == SQLITE_INTERRUPT) throw Failure(FailureKind::overloaded, "the integrity check gave way to writes");
      // So badly damaged that SQLite stops looking.
      if (code != SQLITE_CORRUPT) throw;
      findings.push_back(table + ": " + failure.what());
    }
  }
  return findings;
}

SqliteStats SqliteMetadataStore::stats() const {
  return {.commits = writer_.commit_count(),
          .committed_requests = writer_.request_count(),
          .failed_commits = writer_.failed_commit_count(),
          .steps = steps_.load(std::memory_order_relaxed),
          .wal_bytes = checkpointer_.wal_bytes(),
          .wal_restarts = checkpointer_.restart_count(),
          .failed_checkpoints = checkpointer_.failure_count(),
          .queued_writes = writer_.queued(),
          .queued_reads = readers_.queued()};
}

}  // namespace berth
