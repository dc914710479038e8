// CredentialCache: whom credentials that were checked a moment ago belong to, so that a password costs its 100 ms once
// a minute and not with each request. Keeps a keyed hash of them, never the credentials.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string_view>
#include <unordered_map>

#include "auth/identity.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "base/keyed_hash.h"
#include "observe/metrics.h"

namespace berth {

struct CredentialCacheOptions {
  std::chrono::milliseconds lifetime{60'000};  ///< 0 keeps nothing
  std::size_t entry_count = 100'000;           ///< the oldest goes first
};

/// Threading: any thread.
class CredentialCache {
 public:
  using Key = KeyedHash::Value;

  CredentialCache(CredentialCacheOptions options, const Clock& clock, Entropy& entropy, Metrics& metrics);
  CredentialCache(const CredentialCache&) = delete;
  CredentialCache& operator=(const CredentialCache&) = delete;

  /// Of an Authorization field's value, whole.
  Key key_of_field(std::string_view field) const { return hash_.of(1, field); }
  /// Of a certificate's name, which is no secret.
  Key key_of_certificate(std::string_view name) const { return hash_.of(2, name); }

  /// Null if they have to be checked. Allocates nothing.
  std::shared_ptr<const Identity> find(const Key& key);

  /// Taken before credentials are checked: what was forgotten meanwhile is not kept after all.
  std::uint64_t stamp() const { return stamp_.load(std::memory_order_acquire); }
  void keep(const Key& key, std::shared_ptr<const Identity> who, WallTime good_until, std::uint64_t stamp);

  /// Users or keys have changed. When it returns, nobody is let in on what was checked before.
  void forget_all();
  /// The same for one user or robot. Looks at every entry.
  void forget(IdentityKind kind, std::string_view name);

 private:
  static constexpr std::size_t kShardCount = 16;
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return static_cast<std::size_t>(key[0]); }
  };
  struct Entry {
    std::shared_ptr<const Identity> who;
    MonotonicTime good_until;
  };
  struct alignas(64) Shard {
    std::mutex mutex;
    // Guarded by mutex.
    std::unordered_map<Key, Entry, KeyHash> entries;
    std::deque<Key> order;  // as they came; keys that are gone already may be among them
    std::uint64_t hits = 0;
  };

  Shard& shard_of(const Key& key) { return shards_[key[1] % kShardCount]; }

  // Fixed after construction.
  const CredentialCacheOptions options_;
  const Clock& clock_;
  const KeyedHash hash_;
  Counter& misses_;

  std::atomic<std::uint64_t> stamp_{0};
  std::array<Shard, kShardCount> shards_;
};

}  // namespace berth
