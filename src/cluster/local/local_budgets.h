// LocalBudgets: the budgets of one process, in memory that is bounded however many owners strangers make up.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/keyed_hash.h"
#include "cluster/budgets.h"
#include "observe/metrics.h"

namespace berth {

/// Two counts for each owner, of this window and the one before; what was spent in the last `window` is the one and the
/// part of the other that is not over yet, as if it had been spent evenly. So no span of a window sees more than the
/// limit but by that guess, and a budget comes back bit by bit instead of all at once.
///
/// Owners share a table of fixed size. When it is full, one makes room whose windows are over, else of a few neighbours
/// the one that has spent least, which loses least: so a flood of new owners does not wash away what a heavy one has
/// spent.
///
/// Threading: any thread; a lock of one of many shards for some arithmetic. Allocates nothing but at construction.
class LocalBudgets final : public Budgets {
 public:
  LocalBudgets(std::size_t owner_count, const Clock& clock, Entropy& entropy, Metrics& metrics);

  BudgetState take(const BudgetName& name, const BudgetLimit& limit, std::uint64_t units) override;
  BudgetState look(const BudgetName& name, const BudgetLimit& limit) override;
  void give_back(const BudgetName& name, const BudgetLimit& limit, std::uint64_t units) override;

 private:
  static constexpr std::size_t kWays = 8;
  struct Entry {
    KeyedHash::Value key{};
    std::uint64_t window_number = 0;     ///< of the window that `current` counts, from 1; 0: nobody's
    std::uint64_t matters_until_ns = 0;  ///< the end of the window after that
    std::uint64_t previous = 0;
    std::uint64_t current = 0;
  };
  using Set = std::array<Entry, kWays>;
  struct Shard {
    std::mutex mutex;
    std::vector<Set> sets;  ///< guarded by mutex
  };
  /// Where in time we are, in windows of a limit.
  struct Moment {
    std::uint64_t now_ns;
    std::uint64_t window_ns;
    std::uint64_t window_number;
    std::uint64_t into_ns;
  };

  KeyedHash::Value key_of(const BudgetName& name, const BudgetLimit& limit) const;
  Shard& shard_of(const KeyedHash::Value& key) { return shards_[key[1] % shards_.size()]; }
  Moment moment_of(const BudgetLimit& limit) const;
  Entry* find(Shard& shard, const KeyedHash::Value& key);
  Entry& find_or_make(Shard& shard, const KeyedHash::Value& key, const Moment& moment);
  static void move_to(Entry& entry, const Moment& moment);
  static BudgetState state_of(const Entry& entry, const BudgetLimit& limit, const Moment& moment);

  // Fixed after construction.
  const Clock& clock_;
  const MonotonicTime began_;
  const KeyedHash hash_;
  Counter& evictions_;
  std::vector<Shard> shards_;
};

}  // namespace berth
