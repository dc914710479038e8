// AnswerCache: answers that are ready to be sent, by the target they were asked by.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/action.h"
#include "base/clock.h"
#include "http/quick_answer.h"
#include "metadata/change_numbers.h"
#include "observe/metrics.h"
#include "registry/pull_times.h"

namespace berth {

/// An answer and what it takes to give it again. Immutable.
struct CachedAnswer {
  http::PreparedAnswer prepared;
  std::array<ChangeNumbers::Mark, 2> marks;  ///< what it was made of; taken before that was read
  NeededAccess needed = {};                  ///< looked at anew for each caller
  bool is_manifest = false;                  ///< of one tag or digest: counts for limits of pulls
  std::size_t metrics_index = 0;             ///< of its route, in RequestMetrics
  bool has_body = true;                      ///< false: only a HEAD can be answered with it
  /// A HEAD promises that it stays (data.md 5): not after this, when the stored promise has run too short.
  WallTime promise_fresh_until = WallTime::max();
  bool depends_on_accept = false;  ///< a manifest list by tag, which old clients get the child of
  bool depends_on_health = false;
  std::shared_ptr<PullMark> pull = {};  ///< touched each time a GET is answered with it; null: nobody wants to know
};

struct AnswerCacheOptions {
  std::uint64_t size_bytes = 64 * 1024 * 1024;  ///< of all answers, about; 0 keeps nothing
  std::uint64_t body_bytes = 64 * 1024;         ///< a larger body is not kept in memory, its file is kept open
  std::size_t file_count = 1024;                ///< answers whose body is an open file
};

/// Of two answers that are used alike the older goes first; one that was used since it was looked at last stays for
/// another round (the clock algorithm), so that reading writes one flag.
///
/// Threading: any thread. A shard's lock is held for a look-up, not for making or sending an answer.
class AnswerCache {
 public:
  AnswerCache(AnswerCacheOptions options, const ChangeNumbers& changes, Metrics& metrics);

  /// Null if there is none, or what it was made of has changed.
  std::shared_ptr<const CachedAnswer> find(std::string_view target);
  /// Keeps it in the place of what is kept for that target. Left out if it is stale already, or too large. An answer
  /// without a body takes over the body of the one before.
  void keep(std::string target, CachedAnswer answer);
  void forget(std::string_view target);

  bool is_enabled() const { return options_.size_bytes > 0; }
  /// The largest body that is kept in memory.
  std::uint64_t body_limit_bytes() const;

 private:
  struct Entry {
    std::string target;
    std::shared_ptr<const CachedAnswer> answer;
    std::size_t size_bytes = 0;
    bool holds_file = false;
    bool was_used = false;
  };
  /// A target with its hash, which is computed once for a look: it chooses the shard, too.
  struct Key {
    std::string_view target;
    std::size_t hash;
    explicit Key(std::string_view of) : target(of), hash(std::hash<std::string_view>()(of)) {}
    bool operator==(const Key& other) const { return hash == other.hash && target == other.target; }
  };
  struct HashOfKey {
    std::size_t operator()(const Key& key) const noexcept { return key.hash; }
  };
  struct Shard {
    std::mutex mutex;
    // Guarded by mutex.
    std::list<Entry> entries;  // the next to go first
    std::unordered_map<Key, std::list<Entry>::iterator, HashOfKey> by_target;
    std::size_t size_bytes = 0;
    std::size_t file_count = 0;
    std::uint64_t hits = 0;
    std::uint64_t evictions = 0;
  };

  Shard& shard_of(const Key& key);
  bool stands(const CachedAnswer& answer) const;
  static void remove_locked(Shard& shard, std::list<Entry>::iterator entry);
  void make_room_locked(Shard& shard, std::vector<std::shared_ptr<const CachedAnswer>>& gone);
  double sum(std::uint64_t (*figure)(const Shard&)) const;

  // Fixed after construction.
  const AnswerCacheOptions options_;
  const ChangeNumbers& changes_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t shard_bytes_;
  std::size_t shard_files_;
};

}  // namespace berth
