// Budgets: so many units in any span of time, for each of many owners. What rate limits are made of.
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>

namespace berth {

struct BudgetLimit {
  std::uint64_t units = 0;  ///< 0: no limit
  std::chrono::seconds window{0};

  bool is_set() const { return units > 0; }
  bool operator==(const BudgetLimit&) const = default;
};

/// Whose budget, and of what: ("pulls", "user", "alice"). Texts of the caller's; kept as a hash, or spelled out where
/// others share them.
struct BudgetName {
  std::string_view what;
  std::string_view owner_kind;
  std::string_view owner;
};

struct BudgetState {
  /// Something was left, so the units were taken, even if they are more than was left: what an answer costs is not
  /// known before, and a debt is paid before the next. False: nothing was taken.
  bool is_granted = true;
  std::uint64_t remaining = 0;
  /// Granted: until the budget will have been renewed. Else: until something will be left.
  std::chrono::seconds wait{0};
};

/// Threading: any thread; never waits. An implementation that shares budgets between machines counts here and
/// reconciles with the others behind requests: then they can be overrun by what one machine spends in between, and no
/// request hangs on another service. Errors:    none: a budget whose count was lost is a full one.
class Budgets {
 public:
  virtual ~Budgets() = default;

  /// `limit` is set, and the same for a name each time (after another one the count starts over).
  virtual BudgetState take(const BudgetName& name, const BudgetLimit& limit, std::uint64_t units) = 0;
  /// What take() would say, without taking anything.
  virtual BudgetState look(const BudgetName& name, const BudgetLimit& limit) = 0;
  /// Units that were taken a moment ago and not used after all.
  virtual void give_back(const BudgetName& name, const BudgetLimit& limit, std::uint64_t units) = 0;
};

}  // namespace berth
