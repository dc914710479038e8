// ByteReader: bytes that arrive over time, such as a request's body.
#pragma once

#include <cstddef>
#include <span>

#include "async/task.h"

namespace berth {

/// Threading: one caller at a time, on the loop that created it.
class ByteReader {
 public:
  virtual ~ByteReader() = default;

  /// Waits for at least one byte and fills `into` as far as bytes are at hand; 0 is the end (for a non-empty `into`).
  /// Throws Failure(interrupted) if the sender goes away or is too slow, Failure(body_malformed) on broken framing.
  virtual Task<std::size_t> read(std::span<std::byte> into) = 0;
};

}  // namespace berth
