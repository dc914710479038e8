// The table of digest algorithms. A new one is a row here and a case in hasher.cpp.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace berth {

/// Values are stored in the metadata: never renumber.
enum class HashAlgorithm : std::uint8_t { sha256 = 1, sha512 = 2 };

struct HashAlgorithmInfo {
  HashAlgorithm algorithm;
  std::string_view name;     ///< as in "sha256:..." and in blob paths
  std::size_t length_bytes;
};

inline constexpr std::array<HashAlgorithmInfo, 2> kHashAlgorithms{{
    {HashAlgorithm::sha256, "sha256", 32},
    {HashAlgorithm::sha512, "sha512", 64},
}};

constexpr const HashAlgorithmInfo& info_of(HashAlgorithm algorithm) {
  for (const HashAlgorithmInfo& row : kHashAlgorithms) {
    if (row.algorithm == algorithm) return row;
  }
  return kHashAlgorithms[0];
}

constexpr std::optional<HashAlgorithm> find_hash_algorithm(std::string_view name) {
  for (const HashAlgorithmInfo& row : kHashAlgorithms) {
    if (row.name == name) return row.algorithm;
  }
  return std::nullopt;
}

}  // namespace berth
