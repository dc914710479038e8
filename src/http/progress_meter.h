// ProgressMeter: tells a slow but honest peer from one that trickles bytes to hold a connection. Pure.
#pragma once

#include <chrono>
#include <cstdint>

namespace berth::http {

/// Only time spent waiting for the peer counts: a slow disk of ours is not the client's fault.
class ProgressMeter {
 public:
  ProgressMeter(std::uint64_t minimum_bytes_per_second, std::chrono::milliseconds window)
      : minimum_(minimum_bytes_per_second), window_(window) {}

  /// False once a whole window of waiting has brought less than the minimum.
  bool add(std::chrono::steady_clock::duration waited, std::uint64_t bytes) {
    waited_ += waited;
    bytes_ += bytes;
    if (waited_ < window_) return true;
    const double seconds = std::chrono::duration<double>(waited_).count();
    const bool is_fast_enough = static_cast<double>(bytes_) >= static_cast<double>(minimum_) * seconds;
    waited_ = {};
    bytes_ = 0;
    return is_fast_enough;
  }

 private:
  std::uint64_t minimum_;
  std::chrono::steady_clock::duration window_;
  std::chrono::steady_clock::duration waited_{};
  std::uint64_t bytes_ = 0;
};

}  // namespace berth::http
