// AnswerCache: answers that are ready to be sent, by the target they were asked by.
#pragma once

#include <array>
#include <atomic>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/unordered_set.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
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
  ~AnswerCache();
  AnswerCache(const AnswerCache&) = delete;
  AnswerCache& operator=(const AnswerCache&) = delete;

  /// Null if there is none, or what it was made of has changed.
  std::shared_ptr<const CachedAnswer> find(std::string_view target);
  /// Keeps it in the place of what is kept for that target. Left out if it is stale already, or too large. An answer
  /// without a body takes over the body of the one before.
  void keep(std::string_view target, CachedAnswer answer);
  void forget(std::string_view target);

  bool is_enabled() const { return options_.size_bytes > 0; }
  /// The largest body that is kept in memory.
  std::uint64_t body_limit_bytes() const;

 private:
  /// A target with its hash, which is computed once for a look: it chooses the shard, too.
  struct Key {
    std::string_view target;
    std::size_t hash;
    explicit Key(std::string_view of) : target(of), hash(std::hash<std::string_view>()(of)) {}
  };
  using TableHook = boost::intrusive::unordered_set_base_hook<boost::intrusive::store_hash<true>>;
  /// All that a look needs of it in one piece of memory: hash, links, marks, and the target behind them. A look waits
  /// for memory more than for anything else, and each further piece would be one more line that is in no processor's
  /// cache.
  struct Entry final : TableHook, boost::intrusive::list_base_hook<> {
    std::shared_ptr<const CachedAnswer> answer;
    std::array<ChangeNumbers::Mark, 2> marks;  ///< the answer's
    std::size_t size_bytes = 0;
    bool holds_file = false;
    bool was_used = false;

    std::string_view target() const { return {reinterpret_cast<const char*>(this + 1), target_size_}; }

    struct Delete {
      void operator()(Entry* entry) const;
    };
    using Ptr = std::unique_ptr<Entry, Delete>;
    static Ptr make(std::string_view target, std::shared_ptr<const CachedAnswer> answer);

   private:
    explicit Entry(std::size_t target_size) : target_size_(target_size) {}
    const std::size_t target_size_;
  };
  struct KeyHash {
    std::size_t operator()(const Key& key) const { return key.hash; }
    std::size_t operator()(const Entry& entry) const { return Key(entry.target()).hash; }
  };
  struct KeyEqual {
    bool operator()(const Key& key, const Entry& entry) const { return key.target == entry.target(); }
    bool operator()(const Entry& a, const Entry& b) const { return a.target() == b.target(); }
  };
  using Table =
      boost::intrusive::unordered_set<Entry, boost::intrusive::base_hook<TableHook>, boost::intrusive::hash<KeyHash>,
                                      boost::intrusive::equal<KeyEqual>, boost::intrusive::power_2_buckets<true>>;
  using Buckets = std::vector<Table::bucket_type>;
  struct Shard {
    std::mutex mutex;
    // Guarded by mutex.
    Buckets buckets = Buckets(16);
    Table by_target{Table::bucket_traits(buckets.data(), buckets.size())};
    boost::intrusive::list<Entry> entries;  // the next to go first
    std::size_t size_bytes = 0;
    std::size_t file_count = 0;
    std::uint64_t hits = 0;
    std::uint64_t evictions = 0;
  };

  Shard& shard_of(const Key& key);
  bool stands(const std::array<ChangeNumbers::Mark, 2>& marks) const;
  /// What is returned, or lies in `gone`, ends outside of the lock.
  static Entry::Ptr remove_locked(Shard& shard, Entry& entry);
  static void add_locked(Shard& shard, const Key& key, Entry::Ptr entry);
  void make_room_locked(Shard& shard, std::vector<Entry::Ptr>& gone);
  double sum(std::uint64_t (*figure)(const Shard&)) const;

  // Fixed after construction.
  const AnswerCacheOptions options_;
  const ChangeNumbers& changes_;
  std::vector<std::unique_ptr<Shard>> shards_;
  std::size_t shard_bytes_;
  std::size_t shard_files_;
};

}  // namespace berth
