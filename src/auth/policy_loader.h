// PolicyLoader: the policy that holds is made of the configuration's rules, the store's rules and the robots' own
// rights.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "async/task.h"
#include "auth/access_policy.h"
#include "metadata/account_store.h"

namespace berth {

/// Threading: any loop.
class PolicyLoader {
 public:
  using Install = std::function<void(std::shared_ptr<const AccessPolicy>)>;

  /// `install` is called with each policy, one call at a time.
  PolicyLoader(AccountStore& store, PolicySource configured, Install install);
  PolicyLoader(const PolicyLoader&) = delete;
  PolicyLoader& operator=(const PolicyLoader&) = delete;

  /// Reads the store and puts in force what it says now: when it returns, every change that was committed before it
  /// began holds. Throws Failure(metadata) for a stored rule that cannot be read, which a newer Berth may have written:
  /// a deny that was skipped would open what it closes.
  Task<> reload();

  /// For SIGHUP: in force with the next reload().
  void set_configured(PolicySource configured);

  std::vector<AccessRule> configured_rules() const;

  /// What is in force; null before the first reload().
  std::shared_ptr<const AccessPolicy> current() const;

 private:
  Task<PolicySource> read_all();

  // Fixed after construction.
  AccountStore& store_;
  const Install install_;

  mutable std::mutex mutex_;
  // Guarded by mutex_.
  PolicySource configured_;
  std::shared_ptr<const AccessPolicy> current_;
  std::uint64_t started_ = 0;
  std::uint64_t installed_ = 0;
};

}  // namespace berth
