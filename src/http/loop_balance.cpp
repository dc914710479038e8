#include "http/loop_balance.h"

#include <fcntl.h>
#include <unistd.h>

#include <charconv>
#include <string_view>
#include <system_error>
#include <utility>

#include "base/unique_fd.h"

namespace berth::http {

GatheringBalance::GatheringBalance(std::size_t loop_count, IdleTime idle_time)
    : idle_time_(std::move(idle_time)), places_(loop_count) {}

std::optional<LoopMove> GatheringBalance::look(std::size_t loop, double busy, Time now) {
  Place& place = places_[loop];
  place.busy = busy;
  place.has_been_given = false;
  if (busy < kWorthMoving) {
    place.idle_before.reset();
    place.saturated_looks = 0;
    return {};
  }
  const double spare = spare_cores(place, now);
  if (busy < kSaturated) {
    place.saturated_looks = 0;
    return now < hold_until_.load() ? std::nullopt : gather(loop, spare);
  }
  place.spare_while_saturated = (place.saturated_looks == 0 ? 0 : place.spare_while_saturated) + spare;
  if (++place.saturated_looks < kSaturatedLooks) return {};
  place.saturated_looks = 0;
  if (place.spare_while_saturated / kSaturatedLooks < kSpareCores) return {};
  return give_away(loop, now);
}

void GatheringBalance::rest(std::size_t loop) {
  Place& place = places_[loop];
  place.busy = 0;
  place.has_been_given = false;
  place.idle_before.reset();
  place.saturated_looks = 0;
}

/// Cores' time that nobody used since the last look. What is not known counts as enough: threads are spread by default.
double GatheringBalance::spare_cores(Place& place, Time now) const {
  const auto idle = idle_time_();
  const auto before = std::exchange(place.idle_before, idle);
  const std::chrono::duration<double> passed = now - std::exchange(place.looked_at, now);
  if (!idle || !before || passed.count() <= 0) return kSpareCores;
  return (*idle - *before) / passed;
}

std::optional<LoopMove> GatheringBalance::give_away(std::size_t loop, Time now) {
  std::optional<std::size_t> to;
  for (std::size_t i = 0; i < places_.size(); ++i) {
    if (i == loop || places_[i].busy >= kRoom || places_[i].has_been_given) continue;
    if (!to || places_[i].busy < places_[*to].busy) to = i;
  }
  if (!to || places_[*to].has_been_given.exchange(true)) return {};
  hold_until_ = now + kHold;
  return LoopMove{.to = *to, .is_half = true};
}

/// Always to a lower number, so that no two loops give each other theirs.
std::optional<LoopMove> GatheringBalance::gather(std::size_t loop, double spare) {
  const double most = (spare < kSpareCores ? kGatherBelowOnFullMachine : kGatherBelow) - places_[loop].busy;
  std::optional<std::size_t> to;
  for (std::size_t i = 0; i < loop; ++i) {
    const double busy = places_[i].busy;
    if (busy < kWorthMoving || busy > most || places_[i].has_been_given) continue;
    if (!to || busy > places_[*to].busy) to = i;
  }
  if (!to || places_[*to].has_been_given.exchange(true)) return {};
  places_[loop].busy = 0;
  return LoopMove{.to = *to, .is_half = false};
}

std::optional<std::chrono::duration<double>> machine_idle_time() {
  // Without the heap: a loop asks between two requests.
  const UniqueFd file(::open("/proc/uptime", O_RDONLY | O_CLOEXEC));
  char text[128];
  const ssize_t size = ::read(file.get(), text, sizeof text);
  if (size <= 0) return {};
  const std::string_view line(text, static_cast<std::size_t>(size));
  const std::size_t space = line.find(' ');
  double seconds = 0;
  if (space == line.npos) return {};
  if (std::from_chars(line.data() + space + 1, line.data() + line.size(), seconds).ec != std::errc()) return {};
  return std::chrono::duration<double>(seconds);
}

}  // namespace berth::http
