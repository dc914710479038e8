#include "cluster/local/local_budgets.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <string_view>

namespace berth {
namespace {

constexpr std::size_t kMostShards = 64;

// 128 bits: a count of bytes times nanoseconds runs over 64.
std::uint64_t scaled(std::uint64_t units, std::uint64_t numerator, std::uint64_t denominator) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint64_t>(static_cast<Wide>(units) * numerator / denominator);
}

}  // namespace

LocalBudgets::LocalBudgets(std::size_t owner_count, const Clock& clock, Entropy& entropy, Metrics& metrics)
    : clock_(clock),
      began_(clock.monotonic()),
      hash_(entropy),
      evictions_(metrics.counter("berth_rate_limit_evictions_total",
                                 "Budgets in use that made room for others: ratelimit.owners is too small.")),
      shards_(std::clamp<std::size_t>(std::bit_floor(owner_count / kWays), 1, kMostShards)) {
  const std::size_t per_shard = kWays * shards_.size();
  const std::size_t set_count = std::max<std::size_t>((owner_count + per_shard - 1) / per_shard, 1);
  for (Shard& shard : shards_) shard.sets.resize(set_count);
}

KeyedHash::Value LocalBudgets::key_of(const BudgetName& name, const BudgetLimit& limit) const {
  // Each part is a hash of its own, so that no two names run together, and the limit is one of them: a budget that was
  // configured otherwise begins anew.
  const KeyedHash::Value owner = hash_.of(1, name.owner);
  std::array<std::uint64_t, 6> parts{owner[0],
                                     owner[1],
                                     hash_.of(2, name.what)[0],
                                     hash_.of(3, name.owner_kind)[0],
                                     limit.units,
                                     static_cast<std::uint64_t>(limit.window.count())};
  return hash_.of(4, {reinterpret_cast<const char*>(parts.data()), sizeof parts});
}

LocalBudgets::Moment LocalBudgets::moment_of(const BudgetLimit& limit) const {
  const auto window_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(limit.window).count());
  const auto since_ns = static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(clock_.monotonic() - began_).count());
  return {.now_ns = since_ns,
          .window_ns = window_ns,
          .window_number = since_ns / window_ns + 1,
          .into_ns = since_ns % window_ns};
}

void LocalBudgets::move_to(Entry& entry, const Moment& moment) {
  if (entry.window_number == moment.window_number) return;
  entry.previous = entry.window_number + 1 == moment.window_number ? entry.current : 0;
  entry.current = 0;
  entry.window_number = moment.window_number;
  entry.matters_until_ns = (moment.window_number + 1) * moment.window_ns;
}

BudgetState LocalBudgets::state_of(const Entry& entry, const BudgetLimit& limit, const Moment& moment) {
  const std::uint64_t rest_ns = moment.window_ns - moment.into_ns;
  const std::uint64_t spent = entry.current + scaled(entry.previous, rest_ns, moment.window_ns);
  BudgetState state{.is_granted = spent < limit.units, .remaining = spent < limit.units ? limit.units - spent : 0};
  std::uint64_t wait_ns = rest_ns;
  if (!state.is_granted && entry.current < limit.units) {
    // The part of the window before that is still held against it must fall below what this one leaves.
    const std::uint64_t held_ns = scaled(moment.window_ns, limit.units - entry.current, entry.previous);
    wait_ns = rest_ns - std::min(held_ns, rest_ns) + 1;
  } else if (!state.is_granted) {
    // The same for the next window, which begins with all of this one held against it.
    wait_ns = rest_ns + moment.window_ns - scaled(moment.window_ns, limit.units, entry.current) + 1;
  }
  state.wait =
      std::max(std::chrono::ceil<std::chrono::seconds>(std::chrono::nanoseconds(wait_ns)), std::chrono::seconds(1));
  return state;
}

LocalBudgets::Entry* LocalBudgets::find(Shard& shard, const KeyedHash::Value& key) {
  for (Entry& entry : shard.sets[key[0] % shard.sets.size()]) {
    if (entry.window_number != 0 && entry.key == key) return &entry;
  }
  return nullptr;
}

LocalBudgets::Entry& LocalBudgets::find_or_make(Shard& shard, const KeyedHash::Value& key, const Moment& moment) {
  if (Entry* entry = find(shard, key)) return *entry;
  Set& set = shard.sets[key[0] % shard.sets.size()];
  Entry& victim = *std::ranges::min_element(set, {}, [&moment](const Entry& entry) {
    return entry.matters_until_ns <= moment.now_ns ? 0 : entry.current + entry.previous + 1;
  });
  if (victim.matters_until_ns > moment.now_ns) evictions_.add();
  victim = Entry{};
  victim.key = key;
  move_to(victim, moment);
  return victim;
}

BudgetState LocalBudgets::take(const BudgetName& name, const BudgetLimit& limit, std::uint64_t units) {
  const KeyedHash::Value key = key_of(name, limit);
  const Moment moment = moment_of(limit);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Entry& entry = find_or_make(shard, key, moment);
  move_to(entry, moment);
  if (const BudgetState before = state_of(entry, limit, moment); !before.is_granted) return before;
  entry.current += units;
  BudgetState state = state_of(entry, limit, moment);
  if (!state.is_granted) {
    // These units were the last: nothing is left for the next, but they were granted.
    state.is_granted = true;
    state.remaining = 0;
  }
  return state;
}

BudgetState LocalBudgets::look(const BudgetName& name, const BudgetLimit& limit) {
  const KeyedHash::Value key = key_of(name, limit);
  const Moment moment = moment_of(limit);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Entry* entry = find(shard, key);
  if (entry == nullptr) return state_of({}, limit, moment);
  move_to(*entry, moment);
  return state_of(*entry, limit, moment);
}

void LocalBudgets::give_back(const BudgetName& name, const BudgetLimit& limit, std::uint64_t units) {
  const KeyedHash::Value key = key_of(name, limit);
  const Moment moment = moment_of(limit);
  Shard& shard = shard_of(key);
  const std::lock_guard lock(shard.mutex);
  Entry* entry = find(shard, key);
  // Taken at the end of a window and given back in the next, they stay taken: a unit, and only sometimes.
  if (entry != nullptr && entry->window_number == moment.window_number)
    entry->current -= std::min(units, entry->current);
}

}  // namespace berth
