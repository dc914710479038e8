#include "api/answer_cache.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <utility>

namespace berth {
namespace {

constexpr std::uint64_t kMiB = 1024 * 1024;
constexpr std::uint64_t kMostShards = 64;
/// What an entry takes beside its texts: list and hash nodes, fields as strings, allocators' headers.
constexpr std::size_t kEntryOverheadBytes = 1024;

std::size_t shard_count(std::uint64_t size_bytes) {
  return std::bit_floor(std::clamp<std::uint64_t>(size_bytes / kMiB, 1, kMostShards));
}

std::size_t size_of(std::string_view target, const CachedAnswer& answer) {
  const SharedBytes* memory = answer.prepared.body.memory();
  return target.size() + 2 * answer.prepared.http1_head.size() + kEntryOverheadBytes +
         (memory != nullptr ? memory->size() : 0);
}

bool is_file(const CachedAnswer& answer) {
  return answer.prepared.body.file() != nullptr;
}

}  // namespace

AnswerCache::AnswerCache(AnswerCacheOptions options, const ChangeNumbers& changes, Metrics& metrics)
    : options_(options), changes_(changes) {
  const std::size_t count = shard_count(options_.size_bytes);
  // Chains cost more than buckets: each link is a line that is not in the processor's caches.
  constexpr float kLoad = 0.5F;
  for (std::size_t i = 0; i < count; ++i) {
    shards_.push_back(std::make_unique<Shard>());
    shards_.back()->by_target.max_load_factor(kLoad);
  }
  shard_bytes_ = static_cast<std::size_t>(options_.size_bytes) / count;
  shard_files_ = options_.file_count / count;
  metrics.counter_from("berth_answer_cache_hits_total", "Requests answered from memory.",
                       [this] { return sum([](const Shard& shard) { return shard.hits; }); });
  metrics.counter_from("berth_answer_cache_evictions_total", "Answers that made room for others.",
                       [this] { return sum([](const Shard& shard) { return shard.evictions; }); });
  metrics.gauge_from("berth_answer_cache_bytes", "Memory of the answers kept, about.",
                     [this] { return sum([](const Shard& shard) -> std::uint64_t { return shard.size_bytes; }); });
  metrics.gauge_from("berth_answer_cache_entries", "Answers kept.",
                     [this] { return sum([](const Shard& shard) -> std::uint64_t { return shard.entries.size(); }); });
  metrics.gauge_from("berth_answer_cache_files", "Files that answers keep open.",
                     [this] { return sum([](const Shard& shard) -> std::uint64_t { return shard.file_count; }); });
}

std::shared_ptr<const CachedAnswer> AnswerCache::find(std::string_view target) {
  const Key key(target);
  Shard& shard = shard_of(key);
  std::shared_ptr<const CachedAnswer> stale;  // ends outside of the lock
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_target.find(key);
  if (found == shard.by_target.end()) return nullptr;
  Entry& entry = *found->second;
  if (!stands(*entry.answer)) {
    stale = std::move(entry.answer);
    remove_locked(shard, found->second);
    return nullptr;
  }
  if (!entry.was_used) entry.was_used = true;  // a line that nobody writes stays in both cores' caches
  ++shard.hits;
  return entry.answer;
}

void AnswerCache::keep(std::string target, CachedAnswer answer) {
  const std::size_t size_bytes = size_of(target, answer);
  if (size_bytes > shard_bytes_ || (is_file(answer) && shard_files_ == 0)) return;
  const Key key(target);
  Shard& shard = shard_of(key);
  auto shared = std::make_shared<CachedAnswer>(std::move(answer));
  std::vector<std::shared_ptr<const CachedAnswer>> gone;  // end outside of the lock
  const std::lock_guard lock(shard.mutex);
  if (!stands(*shared)) return;
  if (const auto found = shard.by_target.find(key); found != shard.by_target.end()) {
    const CachedAnswer& before = *found->second->answer;
    if (!shared->has_body && before.has_body && stands(before)) {
      shared->prepared.body = before.prepared.body;
      shared->has_body = true;
    }
    gone.push_back(found->second->answer);
    remove_locked(shard, found->second);
  }
  const std::size_t whole_bytes = size_of(target, *shared);
  const bool holds_file = is_file(*shared);
  shard.file_count += holds_file ? 1 : 0;
  shard.size_bytes += whole_bytes;
  shard.entries.push_back({std::move(target), std::move(shared), whole_bytes, holds_file, false});
  shard.by_target.emplace(Key(shard.entries.back().target), std::prev(shard.entries.end()));
  make_room_locked(shard, gone);
}

void AnswerCache::forget(std::string_view target) {
  const Key key(target);
  Shard& shard = shard_of(key);
  std::shared_ptr<const CachedAnswer> gone;
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_target.find(key);
  if (found == shard.by_target.end()) return;
  gone = std::move(found->second->answer);
  remove_locked(shard, found->second);
}

std::uint64_t AnswerCache::body_limit_bytes() const {
  return std::min<std::uint64_t>(options_.body_bytes, shard_bytes_ / 4);
}

AnswerCache::Shard& AnswerCache::shard_of(const Key& key) {
  // The map's buckets are chosen by the low bits of the same hash.
  return *shards_[(key.hash >> 40) % shards_.size()];
}

bool AnswerCache::stands(const CachedAnswer& answer) const {
  return changes_.stands(answer.marks[0]) && changes_.stands(answer.marks[1]);
}

void AnswerCache::remove_locked(Shard& shard, std::list<Entry>::iterator entry) {
  shard.size_bytes -= entry->size_bytes;
  shard.file_count -= entry->holds_file ? 1 : 0;
  shard.by_target.erase(Key(entry->target));
  shard.entries.erase(entry);
}

void AnswerCache::make_room_locked(Shard& shard, std::vector<std::shared_ptr<const CachedAnswer>>& gone) {
  while (shard.size_bytes > shard_bytes_ || shard.file_count > shard_files_) {
    const auto next = shard.entries.begin();
    // An answer without a file need not go for want of files.
    const bool is_spared = shard.size_bytes <= shard_bytes_ && !next->holds_file;
    if (is_spared || next->was_used) {
      next->was_used = is_spared && next->was_used;
      shard.entries.splice(shard.entries.end(), shard.entries, next);
      continue;
    }
    gone.push_back(std::move(next->answer));
    remove_locked(shard, next);
    ++shard.evictions;
  }
}

double AnswerCache::sum(std::uint64_t (*figure)(const Shard&)) const {
  std::uint64_t total = 0;
  for (const auto& shard : shards_) {
    const std::lock_guard lock(shard->mutex);
    total += figure(*shard);
  }
  return static_cast<double>(total);
}

}  // namespace berth
