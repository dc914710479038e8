#include "base/entropy.h"

#include <sys/random.h>

#include <array>
#include <cerrno>

#include "base/failure.h"
#include "base/hex.h"

namespace berth {

void SystemEntropy::fill(std::span<std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::getrandom(bytes.data(), bytes.size(), 0);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure_from_errno(FailureKind::internal, "getrandom", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::string random_uuid(Entropy& entropy) {
  std::array<std::byte, 16> bytes;
  entropy.fill(bytes);
  bytes[6] = (bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  bytes[8] = (bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  std::string text = to_hex(bytes);
  for (const std::size_t position : {20U, 16U, 12U, 8U}) text.insert(position, 1, '-');
  return text;
}

}  // namespace berth
