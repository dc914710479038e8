// Lockout: who fails too often waits, longer each time. In memory: what is stored could be filled by strangers.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <mutex>
#include <optional>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/entropy.h"
#include "base/keyed_hash.h"
#include "observe/metrics.h"

namespace berth {

struct LockoutOptions {
  unsigned account_failures = 10;      ///< of one account before it waits; 0: no account ever waits
  unsigned address_failures = 100;     ///< of one address, whatever accounts it tries; 0: none ever waits
  std::chrono::seconds first_wait{1};  ///< doubles with each failure after it
  std::chrono::seconds longest_wait{15 * 60};
  std::chrono::seconds memory{30 * 60};  ///< failures are forgotten this long after the last one
  std::size_t entry_count = 100'000;     ///< accounts and addresses that are remembered; the oldest goes first
};

/// Three things are counted: failures of an account, failures of an address, and failures of an account from an address
/// that it has logged in from before. Whoever has logged in from where he is now is held to the last alone: so
/// strangers who guess a user's password lock themselves out, and not him, and one broken build machine does not lock
/// out the office that it shares an address with. A success takes nothing back but that last count: else whoever owns
/// one account could reset what he spends on others.
///
/// Threading: any thread.
class Lockout {
 public:
  Lockout(LockoutOptions options, const Clock& clock, Entropy& entropy, Metrics& metrics);
  Lockout(const Lockout&) = delete;
  Lockout& operator=(const Lockout&) = delete;

  /// How long the account must wait before it is looked at again from this address; nothing if it need not. `address`
  /// is without a port, and the network for IPv6 (net/ip_address.h).
  std::optional<std::chrono::seconds> wait_of(std::string_view account, std::string_view address);

  /// A wrong password. Asked only after wait_of() gave nothing: attempts that are not looked at are not counted, so
  /// that a lock ends. True if somebody has to wait now who had not to before: worth a line in the log.
  bool failed(std::string_view account, std::string_view address);
  void succeeded(std::string_view account, std::string_view address);

  /// False: surely nobody waits now, and wait_of() gives nothing whoever is asked for. Costs one load.
  bool somebody_waits() const {
    return clock_.monotonic().time_since_epoch().count() < last_end_.load(std::memory_order_relaxed);
  }

  /// Remembers nothing of an account: for an administrator who has set its password.
  void forget_account(std::string_view account);

 private:
  using Key = KeyedHash::Value;
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key[0]); }
  };
  struct Entry {
    Key key;
    unsigned failures = 0;
    MonotonicTime last_failure;
    MonotonicTime blocked_until;
  };
  /// Entries in order of their last change, the oldest first.
  class Table {
   public:
    Entry* find(const Key& key);
    /// The entry, made if it is not there; it is the youngest now. The oldest goes if there are more than `limit`.
    Entry& touch(const Key& key, std::size_t limit);
    void erase(const Key& key);
    std::size_t size() const { return by_key_.size(); }

   private:
    std::list<Entry> entries_;
    std::unordered_map<Key, std::list<Entry>::iterator, KeyHash> by_key_;
  };

  Key key_of_account(std::string_view account) const;
  Key key_of_address(std::string_view address) const;
  Key key_of_pair(std::string_view account, std::string_view address) const;
  std::chrono::nanoseconds rest_of(Table& table, const Key& key, MonotonicTime now);
  bool count(Table& table, const Key& key, unsigned threshold, MonotonicTime now);

  // Fixed after construction.
  const LockoutOptions options_;
  const Clock& clock_;
  const KeyedHash hash_;
  Counter& refused_;
  Counter& locked_;

  std::atomic<MonotonicTime::rep> last_end_{MonotonicTime::min().time_since_epoch().count()};
  std::mutex mutex_;
  // Guarded by mutex_.
  Table failures_;  ///< of accounts and addresses
  Table known_;     ///< accounts at addresses they have logged in from
};

}  // namespace berth
