// Digest: the name of content, "algorithm:hex" (image-spec, descriptor.md, Digests).
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>

#include "base/result.h"
#include "content/hash_algorithm.h"

namespace berth {

class Digest {
 public:
  /// Accepts exactly `algorithm ":" lower-case hex` of a registered algorithm's length; else digest_invalid.
  static Result<Digest> parse(std::string_view text);
  /// From raw bytes, of which there must be as many as the algorithm has.
  static Digest from_bytes(HashAlgorithm algorithm, std::span<const std::byte> bytes);

  HashAlgorithm algorithm() const { return algorithm_; }
  std::string_view algorithm_name() const { return info_of(algorithm_).name; }
  std::span<const std::byte> bytes() const { return std::span(bytes_).first(info_of(algorithm_).length_bytes); }
  std::string hex() const;
  std::string to_string() const;

  auto operator<=>(const Digest&) const = default;
  bool operator==(const Digest&) const = default;

 private:
  Digest() = default;
  HashAlgorithm algorithm_ = HashAlgorithm::sha256;
  std::array<std::byte, 64> bytes_{};  // zero beyond the algorithm's length
};

/// The digest of bytes at hand.
Digest digest_of(HashAlgorithm algorithm, std::string_view bytes);

}  // namespace berth

template <>
struct std::hash<berth::Digest> {
  std::size_t operator()(const berth::Digest& digest) const noexcept;
};
