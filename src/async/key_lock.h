// KeyLock: the awaitable per-digest and per-upload lock. The only lock that may be held over an await.
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>

#include "async/task.h"

namespace berth {

/// One lock for each key, made when needed and gone when free. Waiters are served in the order they came.
///
/// Threading: any loop may acquire; a guard may be released on any thread.
/// Rules:     a task holds one guard at a time (no lock order to get wrong), and never without a deadline.
/// Lifetime:  the KeyLock outlives its guards and waiters.
class KeyLock {
  struct Table;

 public:
  /// Holds the key until destroyed.
  class Guard {
   public:
    Guard(Guard&&) noexcept = default;
    Guard& operator=(Guard&& other) noexcept;
    ~Guard();

   private:
    friend class KeyLock;
    Guard(std::shared_ptr<Table> table, std::string key) : table_(std::move(table)), key_(std::move(key)) {}
    std::shared_ptr<Table> table_;
    std::string key_;
  };

  KeyLock();
  ~KeyLock();

  /// Waits its turn for at most `limit`. Throws Failure(overloaded) when the time is over.
  Task<Guard> acquire(std::string key, std::chrono::milliseconds limit);

  /// The key if it is free now.
  std::optional<Guard> try_acquire(std::string key);

  /// Keys held now, for metrics and tests.
  std::size_t held_count() const;

 private:
  std::shared_ptr<Table> table_;
};

}  // namespace berth
