// LoopBalance: on which loops connections go on, so that no more threads wake up than the work needs.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <functional>
#include <optional>
#include <vector>

namespace berth::http {

/// Connections of a loop shall go on on another.
struct LoopMove {
  std::size_t to;
  bool is_half;  ///< every second one of those that were active; else all of them
};

/// Threading: look() and rest() for one loop are called by that loop's thread, about ten times a second.
class LoopBalance {
 public:
  using Time = std::chrono::steady_clock::time_point;
  virtual ~LoopBalance() = default;
  /// What shall go elsewhere from `loop`, which was busy for this share of the time since it looked last.
  virtual std::optional<LoopMove> look(std::size_t loop, double busy, Time now) = 0;
  /// `loop` has no connections and will not look until it has one.
  virtual void rest(std::size_t loop) = 0;
};

/// A loop that finds several requests each time it looks does the same work with far fewer wake-ups, which cost more
/// than a small answer. So where two loops together have little to do, the work gathers on one; where the machine has
/// no core to spare for the second, earlier. A loop that is saturated while cores stand idle gives half of its
/// connections away.
class GatheringBalance final : public LoopBalance {
 public:
  /// What all processors together have not used since some moment; none if the system does not say.
  using IdleTime = std::function<std::optional<std::chrono::duration<double>>()>;

  /// Two loops that are together no busier (1: a core's time) become one.
  static constexpr double kGatherBelow = 0.8;
  /// The same on a machine with less than kSpareCores to spare. Above 1: half of two busy loops' time are wake-ups.
  static constexpr double kGatherBelowOnFullMachine = 1.3;
  static constexpr double kSpareCores = 0.5;
  /// A loop as busy as this, so many looks in a row, has too much to do.
  static constexpr double kSaturated = 0.92;
  static constexpr int kSaturatedLooks = 3;
  /// A loop less busy is left alone, and one less busy than kRoom takes what another gives away.
  static constexpr double kWorthMoving = 0.05;
  static constexpr double kRoom = 0.5;
  /// After connections were given away, none are gathered for so long.
  static constexpr std::chrono::seconds kHold{5};

  GatheringBalance(std::size_t loop_count, IdleTime idle_time);

  std::optional<LoopMove> look(std::size_t loop, double busy, Time now) override;
  void rest(std::size_t loop) override;

 private:
  struct Place {
    std::atomic<double> busy = 0;
    std::atomic<bool> has_been_given = false;  ///< since it looked last
    // Of the loop's thread.
    Time looked_at = {};
    std::optional<std::chrono::duration<double>> idle_before = {};
    int saturated_looks = 0;
    double spare_while_saturated = 0;
  };

  double spare_cores(Place& place, Time now) const;
  std::optional<LoopMove> give_away(std::size_t loop, Time now);
  std::optional<LoopMove> gather(std::size_t loop, double spare);

  const IdleTime idle_time_;
  std::vector<Place> places_;
  std::atomic<Time> hold_until_ = Time{};
};

/// Linux: /proc/uptime.
std::optional<std::chrono::duration<double>> machine_idle_time();

}  // namespace berth::http
