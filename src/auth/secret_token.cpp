#include "auth/secret_token.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace berth {
namespace {

constexpr std::string_view kLetters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kRandomBytes = 32;
constexpr std::size_t kRandomLetters = 43;  // 62^43 > 2^256
constexpr std::size_t kChecksumLetters = 6;

std::string_view prefix_of(SecretKind kind) {
  switch (kind) {
    case SecretKind::robot:
      return "berth_robot_";
    case SecretKind::access_token:
      return "berth_pat_";
  }
  return {};
}

/// CRC-32 as zlib and Ethernet have it.
std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffffU;
  for (const char c : text) {
    crc ^= static_cast<unsigned char>(c);
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb88320U : 0U);
  }
  return ~crc;
}

/// A number of `digits` digits to the base 62, the highest first; `bytes` is its value, the highest byte first.
std::string to_letters(std::span<std::byte> bytes, std::size_t digits) {
  std::string text(digits, '0');
  for (std::size_t i = digits; i-- > 0;) {
    unsigned rest = 0;
    for (std::byte& byte : bytes) {
      const unsigned value = (rest << 8U) | std::to_integer<unsigned>(byte);
      byte = static_cast<std::byte>(value / kLetters.size());
      rest = static_cast<unsigned>(value % kLetters.size());
    }
    text[i] = kLetters[rest];
  }
  return text;
}

std::string checksum_of(std::string_view text) {
  const std::uint32_t crc = crc32(text);
  std::array<std::byte, 4> bytes{};
  for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = static_cast<std::byte>(crc >> (24 - 8 * i));
  return to_letters(bytes, kChecksumLetters);
}

}  // namespace

std::string make_secret_token(SecretKind kind, Entropy& entropy) {
  std::array<std::byte, kRandomBytes> random{};
  entropy.fill(random);
  std::string text(prefix_of(kind));
  text += to_letters(random, kRandomLetters);
  text += checksum_of(text);
  return text;
}

std::optional<SecretKind> secret_token_kind(std::string_view text) {
  for (const SecretKind kind : {SecretKind::robot, SecretKind::access_token}) {
    const std::string_view prefix = prefix_of(kind);
    if (!text.starts_with(prefix) || text.size() != prefix.size() + kRandomLetters + kChecksumLetters) continue;
    const std::string_view letters = text.substr(prefix.size());
    if (letters.find_first_not_of(kLetters) != std::string_view::npos) return std::nullopt;
    const std::size_t checked = text.size() - kChecksumLetters;
    if (checksum_of(text.substr(0, checked)) != text.substr(checked)) return std::nullopt;
    return kind;
  }
  return std::nullopt;
}

Digest digest_of_secret(std::string_view secret) {
  return digest_of(HashAlgorithm::sha256, secret);
}

std::string make_short_id(Entropy& entropy) {
  std::array<std::byte, 9> random{};  // 72 bits: a little more than 12 letters hold
  entropy.fill(random);
  return to_letters(random, 12);
}

}  // namespace berth
