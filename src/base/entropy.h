// Entropy: random bytes from the kernel, handed in so that tests can be repeated.
#pragma once

#include <cstddef>
#include <span>
#include <string>

namespace berth {

/// Threading: any thread.
class Entropy {
 public:
  virtual ~Entropy() = default;
  virtual void fill(std::span<std::byte> bytes) = 0;
};

/// getrandom(2). Throws Failure(internal) if the kernel refuses.
class SystemEntropy final : public Entropy {
 public:
  void fill(std::span<std::byte> bytes) override;
};

inline constexpr std::size_t kUuidLength = 36;

/// A random UUID, version 4 (RFC 9562), in lower case.
std::string random_uuid(Entropy& entropy);
/// The same into memory of the caller's.
void write_random_uuid(Entropy& entropy, std::span<char, kUuidLength> into);

}  // namespace berth
