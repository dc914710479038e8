#include "api/answer_cache.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <new>
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

/// Its lines come while the marks are looked at: whoever finds an answer reads all of it.
void prefetch(const CachedAnswer& answer) {
  constexpr std::size_t kLineBytes = 64;
  const char* at = reinterpret_cast<const char*>(&answer);
  for (std::size_t offset = 0; offset < sizeof answer; offset += kLineBytes) __builtin_prefetch(at + offset);
}

}  // namespace

AnswerCache::AnswerCache(AnswerCacheOptions options, const ChangeNumbers& changes, Metrics& metrics)
    : options_(options), changes_(changes) {
  const std::size_t count = shard_count(options_.size_bytes);
  for (std::size_t i = 0; i < count; ++i) shards_.push_back(std::make_unique<Shard>());
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

AnswerCache::~AnswerCache() {
  for (const auto& shard : shards_) {
    while (!shard->entries.empty()) remove_locked(*shard, shard->entries.front());
  }
}

AnswerCache::Entry::Ptr AnswerCache::Entry::make(std::string_view target, std::shared_ptr<const CachedAnswer> answer) {
  void* memory = ::operator new(sizeof(Entry) + target.size());
  Ptr made(new (memory) Entry(target.size()));
  std::memcpy(static_cast<char*>(memory) + sizeof(Entry), target.data(), target.size());
  made->marks = answer->marks;
  made->size_bytes = size_of(target, *answer);
  made->holds_file = is_file(*answer);
  made->answer = std::move(answer);
  return made;
}

void AnswerCache::Entry::Delete::operator()(Entry* entry) const {
  entry->~Entry();
  ::operator delete(entry);
}

std::shared_ptr<const CachedAnswer> AnswerCache::find(std::string_view target) {
  const Key key(target);
  Shard& shard = shard_of(key);
  Entry::Ptr stale;  // ends outside of the lock
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_target.find(key, KeyHash(), KeyEqual());
  if (found == shard.by_target.end()) return nullptr;
  Entry& entry = *found;
  prefetch(*entry.answer);
  if (!stands(entry.marks)) {
    stale = remove_locked(shard, entry);
    return nullptr;
  }
  if (!entry.was_used) entry.was_used = true;  // a line that nobody writes stays in both cores' caches
  ++shard.hits;
  return entry.answer;
}

void AnswerCache::keep(std::string_view target, CachedAnswer answer) {
  if (size_of(target, answer) > shard_bytes_ || (is_file(answer) && shard_files_ == 0)) return;
  const Key key(target);
  Shard& shard = shard_of(key);
  auto shared = std::make_shared<CachedAnswer>(std::move(answer));
  std::vector<Entry::Ptr> gone;
  const std::lock_guard lock(shard.mutex);
  if (!stands(shared->marks)) return;
  if (const auto found = shard.by_target.find(key, KeyHash(), KeyEqual()); found != shard.by_target.end()) {
    const CachedAnswer& before = *found->answer;
    if (!shared->has_body && before.has_body && stands(before.marks)) {
      shared->prepared.body = before.prepared.body;
      shared->has_body = true;
    }
    gone.push_back(remove_locked(shard, *found));
  }
  add_locked(shard, key, Entry::make(target, std::move(shared)));
  make_room_locked(shard, gone);
}

void AnswerCache::forget(std::string_view target) {
  const Key key(target);
  Shard& shard = shard_of(key);
  Entry::Ptr gone;
  const std::lock_guard lock(shard.mutex);
  const auto found = shard.by_target.find(key, KeyHash(), KeyEqual());
  if (found != shard.by_target.end()) gone = remove_locked(shard, *found);
}

std::uint64_t AnswerCache::body_limit_bytes() const {
  return std::min<std::uint64_t>(options_.body_bytes, shard_bytes_ / 4);
}

AnswerCache::Shard& AnswerCache::shard_of(const Key& key) {
  // The map's buckets are chosen by the low bits of the same hash.
  return *shards_[(key.hash >> 40) % shards_.size()];
}

bool AnswerCache::stands(const std::array<ChangeNumbers::Mark, 2>& marks) const {
  return changes_.stands(marks[0]) && changes_.stands(marks[1]);
}

AnswerCache::Entry::Ptr AnswerCache::remove_locked(Shard& shard, Entry& entry) {
  shard.size_bytes -= entry.size_bytes;
  shard.file_count -= entry.holds_file ? 1 : 0;
  shard.by_target.erase(shard.by_target.iterator_to(entry));
  shard.entries.erase(shard.entries.iterator_to(entry));
  return Entry::Ptr(&entry);
}

void AnswerCache::add_locked(Shard& shard, const Key& key, Entry::Ptr entry) {
  // Chains cost more than buckets: each link is a line that is not in the processor's caches.
  if (2 * (shard.entries.size() + 1) > shard.buckets.size()) {
    Buckets more(2 * shard.buckets.size());
    shard.by_target.rehash(Table::bucket_traits(more.data(), more.size()));
    shard.buckets.swap(more);
  }
  shard.file_count += entry->holds_file ? 1 : 0;
  shard.size_bytes += entry->size_bytes;
  Table::insert_commit_data place;
  shard.by_target.insert_check(key, KeyHash(), KeyEqual(), place);
  shard.by_target.insert_commit(*entry, place);
  shard.entries.push_back(*entry.release());
}

void AnswerCache::make_room_locked(Shard& shard, std::vector<Entry::Ptr>& gone) {
  while (shard.size_bytes > shard_bytes_ || shard.file_count > shard_files_) {
    Entry& next = shard.entries.front();
    // An answer without a file need not go for want of files.
    const bool is_spared = shard.size_bytes <= shard_bytes_ && !next.holds_file;
    if (is_spared || next.was_used) {
      next.was_used = is_spared && next.was_used;
      shard.entries.splice(shard.entries.end(), shard.entries, shard.entries.begin());
      continue;
    }
    gone.push_back(remove_locked(shard, next));
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
