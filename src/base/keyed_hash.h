// KeyedHash: what stands for a secret in memory. SipHash-2-4 with 128 bits of output (Aumasson and Bernstein): a
// message authentication code that is fast on short texts, so that looking up a credential costs nothing to speak of.
// The key is made at each start and never leaves the process, so nobody can prepare two texts of one hash.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/entropy.h"

namespace berth {

/// Threading: immutable.
class KeyedHash {
 public:
  using Value = std::array<std::uint64_t, 2>;

  explicit KeyedHash(Entropy& entropy);
  KeyedHash(std::uint64_t first, std::uint64_t second) : key_{first, second} {}

  /// Allocates nothing. `purpose` keeps what means different things apart.
  Value of(std::uint8_t purpose, std::string_view text) const;

 private:
  std::array<std::uint64_t, 2> key_;
};

}  // namespace berth
