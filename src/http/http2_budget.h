// FrameBudget: how often a client may do what costs us work and brings it nothing: break streams off (CVE-2023-44487),
// ping, change settings, send frames without content. Pure.
#pragma once

#include <array>
#include <cstddef>

#include "http/loop.h"
#include "http/server.h"

namespace berth::http {

enum class FrameKind {
  reset,  ///< a stream that was broken off, by the client or for a mistake of its
  ping,
  settings,
  idle,  ///< empty DATA, PRIORITY, WINDOW_UPDATE
};

/// Each kind has a bucket of its own that is full at the start and fills up again within kRefillTime.
class FrameBudget {
 public:
  static constexpr std::chrono::seconds kRefillTime{30};

  FrameBudget(const Http2Limits& limits, LoopTime now);

  /// False if the client has done it too often.
  bool spend(FrameKind kind, LoopTime now);
  /// The client's turn of what our frames call for: it opens the window again for what it got.
  void allow_idle_frames(std::size_t count);

 private:
  struct Bucket {
    double capacity = 0;
    double level = 0;
    LoopTime filled_at;
  };
  Bucket& of(FrameKind kind) { return buckets_[static_cast<std::size_t>(kind)]; }

  std::array<Bucket, 4> buckets_;
};

}  // namespace berth::http
