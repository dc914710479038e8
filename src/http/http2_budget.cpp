#include "http/http2_budget.h"

#include <algorithm>
#include <chrono>

namespace berth::http {

FrameBudget::FrameBudget(const Http2Limits& limits, LoopTime now) {
  const auto fill = [this, now](FrameKind kind, std::size_t burst) {
    const auto capacity = static_cast<double>(burst);
    of(kind) = {capacity, capacity, now};
  };
  fill(FrameKind::reset, limits.reset_burst);
  fill(FrameKind::ping, limits.ping_burst);
  fill(FrameKind::settings, limits.settings_burst);
  fill(FrameKind::idle, limits.idle_frame_burst);
}

bool FrameBudget::spend(FrameKind kind, LoopTime now) {
  Bucket& bucket = of(kind);
  if (now != bucket.filled_at) {
    const double passed = std::chrono::duration<double>(now - bucket.filled_at).count();
    const double gained = bucket.capacity * passed / std::chrono::duration<double>(kRefillTime).count();
    bucket.level = std::min(bucket.capacity, bucket.level + gained);
    bucket.filled_at = now;
  }
  if (bucket.level < 1) return false;
  bucket.level -= 1;
  return true;
}

void FrameBudget::allow_idle_frames(std::size_t count) {
  Bucket& bucket = of(FrameKind::idle);
  bucket.level = std::min(bucket.capacity, bucket.level + static_cast<double>(count));
}

}  // namespace berth::http
