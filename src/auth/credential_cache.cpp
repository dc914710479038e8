#include "auth/credential_cache.h"

#include <algorithm>
#include <utility>

namespace berth {

CredentialCache::CredentialCache(CredentialCacheOptions options, const Clock& clock, Entropy& entropy, Metrics& metrics)
    : options_(options),
      clock_(clock),
      hash_(entropy),
      misses_(metrics.counter("berth_credential_cache_misses_total", "Credentials that had to be checked.")) {
  metrics.counter_from("berth_credential_cache_hits_total", "Credentials that were known from a moment ago.", [this] {
    std::uint64_t hits = 0;
    for (Shard& shard : shards_) {
      const std::lock_guard lock(shard.mutex);
      hits += shard.hits;
    }
    return static_cast<double>(hits);
  });
}

std::shared_ptr<const Identity> CredentialCache::find(const Key& key) {
  Shard& shard = shard_of(key);
  const MonotonicTime now = clock_.monotonic();
  {
    const std::lock_guard lock(shard.mutex);
    const auto found = shard.entries.find(key);
    if (found != shard.entries.end() && now < found->second.good_until) {
      ++shard.hits;
      return found->second.who;
    }
  }
  misses_.add();
  return nullptr;
}

void CredentialCache::keep(const Key& key, std::shared_ptr<const Identity> who, WallTime good_until,
                           std::uint64_t stamp) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(good_until - clock_.now());
  const auto lifetime = std::min(left, options_.lifetime);
  if (lifetime.count() <= 0) return;
  Entry entry{.who = std::move(who), .good_until = clock_.monotonic() + lifetime};
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  // Under the lock: who forgets counts the stamp up first and comes for this shard then.
  if (stamp_.load(std::memory_order_acquire) != stamp) return;
  const auto [place, is_new] = shard.entries.try_emplace(key);
  std::swap(place->second, entry);  // what was there ends after the lock
  if (is_new) shard.order.push_back(key);
  const std::size_t limit = std::max<std::size_t>(options_.entry_count / kShardCount, 1);
  while (shard.entries.size() > limit || shard.order.size() > 2 * limit) {
    const Key oldest = shard.order.front();
    shard.order.pop_front();
    // One that was forgotten and kept again stands in the order twice, and goes with its first place.
    shard.entries.erase(oldest);
  }
}

void CredentialCache::forget_all() {
  stamp_.fetch_add(1, std::memory_order_acq_rel);
  for (Shard& shard : shards_) {
    std::unordered_map<Key, Entry, KeyHash> gone;
    const std::lock_guard lock(shard.mutex);
    gone.swap(shard.entries);
    shard.order.clear();
  }
}

void CredentialCache::forget(IdentityKind kind, std::string_view name) {
  stamp_.fetch_add(1, std::memory_order_acq_rel);
  for (Shard& shard : shards_) {
    const std::lock_guard lock(shard.mutex);
    std::erase_if(shard.entries, [&](const auto& entry) {
      const Identity& who = *entry.second.who;
      return who.kind == kind && who.name == name;
    });
  }
}

}  // namespace berth
