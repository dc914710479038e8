#include "content/digest.h"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "base/failure.h"
#include "base/hex.h"
#include "content/hasher.h"
#include "content/printable.h"

namespace berth {
namespace {

constexpr std::uint8_t kNotHex = 0xff;
constexpr std::array<std::uint8_t, 256> kNibbles = [] {
  std::array<std::uint8_t, 256> nibbles{};
  nibbles.fill(kNotHex);
  for (unsigned i = 0; i < 16; ++i)
    nibbles[static_cast<unsigned char>("0123456789abcdef"[i])] = static_cast<std::uint8_t>(i);
  return nibbles;
}();

bool is_lower_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

// descriptor.md: algorithm ::= component (separator component)*, separator ::= [+._-], component ::= [a-z0-9]+
bool is_algorithm_syntax(std::string_view text) {
  bool after_character = false;
  for (const char c : text) {
    if (is_lower_alphanumeric(c)) {
      after_character = true;
    } else if (after_character && (c == '+' || c == '.' || c == '_' || c == '-')) {
      after_character = false;
    } else {
      return false;
    }
  }
  return after_character;
}

std::string known_algorithms() {
  std::string names;
  for (const HashAlgorithmInfo& row : kHashAlgorithms) {
    if (!names.empty()) names += ", ";
    names += row.name;
  }
  return names;
}

// The slow path: says why `text` is not a digest.
std::unexpected<Error> refuse_digest(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return refuse(ErrorCode::digest_invalid, "\"" + printable(text) + "\" is not a digest (algorithm:hex)");
  }
  const std::string_view name = text.substr(0, colon);
  const std::optional<HashAlgorithm> algorithm = find_hash_algorithm(name);
  if (!algorithm) {
    if (!is_algorithm_syntax(name)) {
      return refuse(ErrorCode::digest_invalid, "\"" + printable(text) + "\" is not a digest (algorithm:hex)");
    }
    return refuse(ErrorCode::digest_invalid,
                  "digest algorithm \"" + printable(name) + "\" is not supported (" + known_algorithms() + " are)");
  }
  const std::size_t hex_length = info_of(*algorithm).length_bytes * 2;
  return refuse(ErrorCode::digest_invalid, "\"" + printable(text, 160) + "\" is not a digest: " + std::string(name) +
                                               " has " + std::to_string(hex_length) + " lower-case hex digits");
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  for (const HashAlgorithmInfo& row : kHashAlgorithms) {
    const std::size_t prefix_length = row.name.size() + 1;
    if (text.size() != prefix_length + row.length_bytes * 2) continue;
    if (text[row.name.size()] != ':' || !text.starts_with(row.name)) continue;
    Digest digest;
    digest.algorithm_ = row.algorithm;
    const char* hex = text.data() + prefix_length;
    unsigned seen = 0;
    for (std::size_t i = 0; i < row.length_bytes; ++i) {
      const unsigned high = kNibbles[static_cast<unsigned char>(hex[2 * i])];
      const unsigned low = kNibbles[static_cast<unsigned char>(hex[2 * i + 1])];
      seen |= high | low;
      digest.bytes_[i] = static_cast<std::byte>(high << 4 | low);
    }
    if (seen > 15) break;
    return digest;
  }
  return refuse_digest(text);
}

Digest Digest::from_bytes(HashAlgorithm algorithm, std::span<const std::byte> bytes) {
  if (bytes.size() != info_of(algorithm).length_bytes) {
    throw Failure(FailureKind::internal, "a digest from " + std::to_string(bytes.size()) + " bytes");
  }
  Digest digest;
  digest.algorithm_ = algorithm;
  std::ranges::copy(bytes, digest.bytes_.begin());
  return digest;
}

std::string Digest::hex() const {
  return to_hex(bytes());
}

std::string Digest::to_string() const {
  static constexpr char kDigits[] = "0123456789abcdef";
  const std::string_view name = algorithm_name();
  std::string text(name.size() + 1 + bytes().size() * 2, ':');
  char* next = std::ranges::copy(name, text.data()).out + 1;
  for (const std::byte byte : bytes()) {
    *next++ = kDigits[std::to_integer<unsigned>(byte) >> 4];
    *next++ = kDigits[std::to_integer<unsigned>(byte) & 15];
  }
  return text;
}

Digest digest_of(HashAlgorithm algorithm, std::string_view bytes) {
  Hasher hasher(algorithm);
  hasher.update(std::as_bytes(std::span(bytes)));
  return hasher.digest();
}

}  // namespace berth

// Clients choose the digests that a manifest names, so a hash of a prefix alone would let one manifest fill one bucket.
// All bytes go in, and where the program lies in memory (another place each run) is the key.
std::size_t std::hash<berth::Digest>::operator()(const berth::Digest& digest) const noexcept {
  static const char key_by_address = 0;
  constexpr std::uint64_t kOdd = 0x9e3779b97f4a7c15;
  std::uint64_t mixed = reinterpret_cast<std::uintptr_t>(&key_by_address) * kOdd;
  const std::span<const std::byte> bytes = digest.bytes();
  for (std::size_t i = 0; i + sizeof(std::uint64_t) <= bytes.size(); i += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    mixed = (mixed ^ word) * kOdd;
    mixed ^= mixed >> 32;
  }
  return mixed;
}
