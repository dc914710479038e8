#include "base/entropy.h"

#include <sys/random.h>

#include <array>
#include <cerrno>
#include <string_view>

#include "base/failure.h"

namespace berth {

void SystemEntropy::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure_from_errno(FailureKind::internal, "getrandom", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void write_random_uuid(Entropy& entropy, std::span<char, kUuidLength> into) {
  std::array<std::byte, 16> bytes;
  entropy.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::size_t at = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) into[at++] = '-';
    into[at++] = kDigits[std::to_integer<std::size_t>(bytes[i] >> 4)];
    into[at++] = kDigits[std::to_integer<std::size_t>(bytes[i] & std::byte{0x0f})];
  }
}

std::string random_uuid(Entropy& entropy) {
  std::string text(kUuidLength, '\0');
  write_random_uuid(entropy, std::span<char, kUuidLength>(text.data(), kUuidLength));
  return text;
}

}  // namespace berth
