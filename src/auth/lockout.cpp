#include "auth/lockout.h"

#include <algorithm>
#include <string>

namespace berth {
namespace {

constexpr std::uint8_t kAccount = 1;
constexpr std::uint8_t kAddress = 2;
constexpr std::uint8_t kPair = 3;

}  // namespace

Lockout::Entry* Lockout::Table::find(const Key& key) {
  const auto found = by_key_.find(key);
  return found == by_key_.end() ? nullptr : &*found->second;
}

Lockout::Entry& Lockout::Table::touch(const Key& key, std::size_t limit) {
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    entries_.splice(entries_.end(), entries_, found->second);
    return entries_.back();
  }
  if (!entries_.empty() && by_key_.size() >= limit) {
    by_key_.erase(entries_.front().key);
    entries_.pop_front();
  }
  entries_.push_back({.key = key, .failures = 0, .last_failure = {}, .blocked_until = {}});
  by_key_.emplace(key, std::prev(entries_.end()));
  return entries_.back();
}

void Lockout::Table::erase(const Key& key) {
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  entries_.erase(found->second);
  by_key_.erase(found);
}

Lockout::Lockout(LockoutOptions options, const Clock& clock, Entropy& entropy, Metrics& metrics)
    : options_(options),
      clock_(clock),
      hash_(entropy),
      refused_(
          metrics.counter("berth_lockout_refused_total", "Logins that were not looked at after too many failures.")),
      locked_(metrics.counter("berth_lockout_waits_total", "Waits that began after too many failures.")) {
  metrics.gauge_from("berth_lockout_entries", "Accounts and addresses whose failures are remembered.", [this] {
    const std::lock_guard lock(mutex_);
    return static_cast<double>(failures_.size());
  });
}

Lockout::Key Lockout::key_of_account(std::string_view account) const {
  return hash_.of(kAccount, account);
}

Lockout::Key Lockout::key_of_address(std::string_view address) const {
  return hash_.of(kAddress, address);
}

Lockout::Key Lockout::key_of_pair(std::string_view account, std::string_view address) const {
  std::string pair(account);
  pair += '\0';
  pair += address;
  return hash_.of(kPair, pair);
}

std::chrono::nanoseconds Lockout::rest_of(Table& table, const Key& key, MonotonicTime now) {
  const Entry* entry = table.find(key);
  if (entry == nullptr || entry->blocked_until <= now) return {};
  return entry->blocked_until - now;
}

std::optional<std::chrono::seconds> Lockout::wait_of(std::string_view account, std::string_view address) {
  if (!somebody_waits()) return std::nullopt;
  const MonotonicTime now = clock_.monotonic();
  const Key pair = key_of_pair(account, address);
  std::chrono::nanoseconds rest{};
  {
    const std::lock_guard lock(mutex_);
    rest = known_.find(pair) != nullptr ? rest_of(known_, pair, now)
                                        : std::max(rest_of(failures_, key_of_account(account), now),
                                                   rest_of(failures_, key_of_address(address), now));
  }
  if (rest.count() <= 0) return std::nullopt;
  refused_.add();
  return std::chrono::ceil<std::chrono::seconds>(rest);
}

bool Lockout::count(Table& table, const Key& key, unsigned threshold, MonotonicTime now) {
  if (threshold == 0) return false;
  Entry& entry = table.touch(key, std::max<std::size_t>(options_.entry_count, 1));
  if (now - entry.last_failure > options_.memory) entry.failures = 0;
  entry.last_failure = now;
  if (++entry.failures < threshold) return false;
  const unsigned doublings = std::min(entry.failures - threshold, 30U);
  const std::chrono::seconds wait =
      std::min(options_.first_wait * (std::int64_t{1} << doublings), options_.longest_wait);
  if (wait.count() <= 0) return false;
  entry.blocked_until = now + wait;
  const auto end = entry.blocked_until.time_since_epoch().count();
  if (end > last_end_.load(std::memory_order_relaxed)) last_end_.store(end, std::memory_order_relaxed);
  locked_.add();
  return true;
}

bool Lockout::failed(std::string_view account, std::string_view address) {
  const MonotonicTime now = clock_.monotonic();
  const Key pair = key_of_pair(account, address);
  const std::lock_guard lock(mutex_);
  if (known_.find(pair) != nullptr) return count(known_, pair, options_.account_failures, now);
  const bool account_waits = count(failures_, key_of_account(account), options_.account_failures, now);
  const bool address_waits = count(failures_, key_of_address(address), options_.address_failures, now);
  return account_waits || address_waits;
}

void Lockout::succeeded(std::string_view account, std::string_view address) {
  const Key pair = key_of_pair(account, address);
  const std::lock_guard lock(mutex_);
  Entry& entry = known_.touch(pair, std::max<std::size_t>(options_.entry_count, 1));
  entry.failures = 0;
  entry.blocked_until = {};
}

void Lockout::forget_account(std::string_view account) {
  const Key key = key_of_account(account);
  const std::lock_guard lock(mutex_);
  failures_.erase(key);
}

}  // namespace berth
