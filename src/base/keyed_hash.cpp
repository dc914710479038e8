#include "base/keyed_hash.h"

#include <bit>
#include <cstring>
#include <span>

namespace berth {
namespace {

static_assert(std::endian::native == std::endian::little, "words are read as they lie");

struct State {
  std::uint64_t v0, v1, v2, v3;

  void round() {
    v0 += v1;
    v1 = std::rotl(v1, 13) ^ v0;
    v0 = std::rotl(v0, 32);
    v2 += v3;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 += v3;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 += v1;
    v1 = std::rotl(v1, 17) ^ v2;
    v2 = std::rotl(v2, 32);
  }
  void add(std::uint64_t word) {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
  std::uint64_t finish() {
    for (int i = 0; i < 4; ++i) round();
    return v0 ^ v1 ^ v2 ^ v3;
  }
};

}  // namespace

KeyedHash::KeyedHash(Entropy& entropy) : key_{} {
  entropy.fill(std::as_writable_bytes(std::span(key_)));
}

KeyedHash::Value KeyedHash::of(std::uint8_t purpose, std::string_view text) const {
  State state{key_[0] ^ 0x736f6d6570736575U, key_[1] ^ 0x646f72616e646f6dU, key_[0] ^ 0x6c7967656e657261U,
              key_[1] ^ 0x7465646279746573U};
  state.v1 ^= 0xeeU;
  const std::size_t length = text.size() + 1;
  // The purpose is the message's last byte, so that the text's words are read where they lie.
  while (text.size() >= 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), 8);
    state.add(word);
    text.remove_prefix(8);
  }
  std::uint64_t last = 0;
  std::memcpy(&last, text.data(), text.size());
  last |= static_cast<std::uint64_t>(purpose) << (8 * text.size());
  if (text.size() == 7) {
    state.add(last);
    last = 0;
  }
  state.add(last | static_cast<std::uint64_t>(length) << 56U);
  state.v2 ^= 0xeeU;
  Value value{};
  value[0] = state.finish();
  state.v1 ^= 0xddU;
  value[1] = state.finish();
  return value;
}

}  // namespace berth
