#include "registry/pull_times.h"

#include <vector>

#include "base/at_end.h"

namespace berth {

PullTimes::PullTimes(RetentionStore& store, const Clock& clock, Metrics& metrics, PullTimesOptions options)
    : store_(store),
      clock_(clock),
      options_(options),
      dropped_(metrics.counter("berth_pull_times_dropped_total",
                               "Pulls whose time is not known, since too many manifests were pulled at once.")) {
  metrics.gauge_from("berth_pull_times_marks", "Manifests whose pulls are being noted.", [this] {
    const std::lock_guard lock(mutex_);
    return static_cast<double>(marks_.size());
  });
}

std::shared_ptr<PullMark> PullTimes::mark(const RepositoryName& repository, const Digest& digest) {
  const std::lock_guard lock(mutex_);
  Key key(repository, digest);
  const auto found = marks_.find(key);
  if (found != marks_.end()) return found->second;
  if (marks_.size() >= options_.mark_limit) {
    dropped_.add();
    return nullptr;
  }
  if (marks_.size() >= options_.mark_limit / 2 && !std::exchange(is_woken_, true) && wake_) wake_();
  return marks_.emplace(std::move(key), std::make_shared<PullMark>()).first->second;
}

std::vector<PullTimes::Marks::value_type> PullTimes::take_part(std::optional<Key>& after) {
  std::vector<Marks::value_type> pulled;
  const std::lock_guard lock(mutex_);
  auto next = after ? marks_.upper_bound(*after) : marks_.begin();
  after.reset();
  for (std::size_t count = 0; next != marks_.end() && count < options_.batch_size; ++count) {
    after = next->first;
    // Nobody takes another share of it meanwhile: that needs the lock.
    const bool is_ours_alone = next->second.use_count() == 1;
    if (next->second->was_pulled_.exchange(false, std::memory_order_relaxed)) pulled.push_back(*next);
    next = is_ours_alone ? marks_.erase(next) : std::next(next);
  }
  if (next == marks_.end()) after.reset();
  return pulled;
}

Task<> PullTimes::flush() {
  {
    const std::lock_guard lock(mutex_);
    is_woken_ = false;
  }
  std::optional<Key> after;
  do {
    const std::vector<Marks::value_type> pulled = take_part(after);
    if (pulled.empty()) continue;
    std::vector<PulledManifest> pulls;
    for (const auto& [key, mark] : pulled) {
      pulls.push_back({.repository = key.first, .digest = key.second, .at = clock_.now()});
    }
    bool is_written = false;
    const AtEnd keep_for_later([&] {
      if (is_written) return;
      const std::lock_guard lock(mutex_);
      for (const auto& [key, mark] : pulled) {
        mark->touch();
        marks_.emplace(key, mark);
      }
    });
    co_await store_.record_pulls(std::move(pulls));
    is_written = true;
  } while (after);
}

void PullTimes::set_waker(std::function<void()> wake) {
  const std::lock_guard lock(mutex_);
  wake_ = std::move(wake);
}

}  // namespace berth
