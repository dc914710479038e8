// EVP cannot export a running state and OpenSSL 3 calls the contexts that can be exported deprecated. They are still
// the same assembly; upload_state (data.md section 2) needs them, here and nowhere else.
#define OPENSSL_SUPPRESS_DEPRECATED

#include "content/hasher.h"

#include <openssl/sha.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "base/failure.h"
#include "content/base64.h"

namespace berth {
namespace {

// What differs between the two contexts.
struct Sha256 {
  using State = SHA256_CTX;
  static constexpr std::size_t kBlockBytes = SHA256_CBLOCK;
  static constexpr std::size_t kDigestBytes = SHA256_DIGEST_LENGTH;
  static void begin(State& state) { SHA256_Init(&state); }
  static void add(State& state, const void* bytes, std::size_t size) { SHA256_Update(&state, bytes, size); }
  static void finish(State& state, unsigned char* out) { SHA256_Final(out, &state); }
  static unsigned char* block(State& state) { return reinterpret_cast<unsigned char*>(state.data); }
};
struct Sha512 {
  using State = SHA512_CTX;
  static constexpr std::size_t kBlockBytes = SHA512_CBLOCK;
  static constexpr std::size_t kDigestBytes = SHA512_DIGEST_LENGTH;
  static void begin(State& state) { SHA512_Init(&state); }
  static void add(State& state, const void* bytes, std::size_t size) { SHA512_Update(&state, bytes, size); }
  static void finish(State& state, unsigned char* out) { SHA512_Final(out, &state); }
  static unsigned char* block(State& state) { return state.u.p; }
};

template <class State>
using FunctionsOf = std::conditional_t<std::is_same_v<State, SHA256_CTX>, Sha256, Sha512>;

using AnyState = std::variant<SHA256_CTX, SHA512_CTX>;

AnyState begin_state(HashAlgorithm algorithm) {
  switch (algorithm) {
    case HashAlgorithm::sha256: {
      SHA256_CTX state;
      Sha256::begin(state);
      return state;
    }
    case HashAlgorithm::sha512: {
      SHA512_CTX state;
      Sha512::begin(state);
      return state;
    }
  }
  throw Failure(FailureKind::internal, "a hash algorithm without an implementation");
}

// Chaining words, most significant byte first, as FIPS 180-4 writes them.
template <class State>
void store_words(const State& state, std::vector<std::byte>& out) {
  for (const auto word : state.h) {
    for (std::size_t i = sizeof word; i-- > 0;) out.push_back(static_cast<std::byte>(word >> (8 * i) & 0xff));
  }
}

template <class State>
void load_words(State& state, std::string_view bytes) {
  std::size_t next = 0;
  for (auto& word : state.h) {
    word = 0;
    for (std::size_t i = 0; i < sizeof word; ++i) word = word << 8 | static_cast<unsigned char>(bytes[next++]);
  }
}

// OpenSSL counts bits in two halves.
template <class State>
void set_length(State& state, std::uint64_t size_bytes) {
  using Half = std::remove_cvref_t<decltype(state.Nl)>;
  const std::uint64_t bits = size_bytes * 8;
  state.Nl = static_cast<Half>(bits);
  if constexpr (sizeof(Half) == 4) {
    state.Nh = static_cast<Half>(bits >> 32);
  } else {
    state.Nh = 0;
  }
}

constexpr std::string_view kStateVersion = "1";
constexpr std::uint64_t kMaxSizeBytes = std::numeric_limits<std::uint64_t>::max() / 8;

}  // namespace

struct Hasher::Context {
  HashAlgorithm algorithm;
  std::uint64_t size_bytes = 0;
  AnyState state;
};

Hasher::Hasher(HashAlgorithm algorithm)
    : context_(std::make_unique<Context>(Context{.algorithm = algorithm, .state = begin_state(algorithm)})) {}
Hasher::Hasher(const Hasher& other) : context_(std::make_unique<Context>(*other.context_)) {}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(const Hasher& other) {
  if (this != &other) context_ = std::make_unique<Context>(*other.context_);
  return *this;
}
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

HashAlgorithm Hasher::algorithm() const {
  return context_->algorithm;
}

std::uint64_t Hasher::size_bytes() const {
  return context_->size_bytes;
}

void Hasher::update(std::span<const std::byte> bytes) {
  if (bytes.empty()) return;
  std::visit([&]<class State>(State& state) { FunctionsOf<State>::add(state, bytes.data(), bytes.size()); },
             context_->state);
  context_->size_bytes += bytes.size();
}

Digest Hasher::digest() const {
  return std::visit(
      [&]<class State>(State state) {  // a copy: finishing ends a context
        using Functions = FunctionsOf<State>;
        std::array<unsigned char, Functions::kDigestBytes> bytes{};
        Functions::finish(state, bytes.data());
        return Digest::from_bytes(context_->algorithm, std::as_bytes(std::span(bytes)));
      },
      context_->state);
}

// "1:sha256:<bytes hashed>:<base64 of the chaining words and of the bytes that wait for their block to fill>".
// At most 1+1+6+1+20+1+256 characters.
std::string Hasher::export_state() const {
  std::vector<std::byte> words_and_block;
  std::visit(
      [&]<class State>(State state) {
        store_words(state, words_and_block);
        const auto* block = reinterpret_cast<const std::byte*>(FunctionsOf<State>::block(state));
        words_and_block.insert(words_and_block.end(), block, block + state.num);
      },
      context_->state);
  std::string text(kStateVersion);
  text += ':';
  text += info_of(context_->algorithm).name;
  text += ':';
  text += std::to_string(context_->size_bytes);
  text += ':';
  text += to_base64(words_and_block);
  return text;
}

std::optional<Hasher> Hasher::import_state(std::string_view text) {
  std::array<std::string_view, 4> parts;
  std::string_view rest = text;
  for (std::size_t i = 0; i < 3; ++i) {
    const std::size_t colon = rest.find(':');
    if (colon == std::string_view::npos) return std::nullopt;
    parts[i] = rest.substr(0, colon);
    rest.remove_prefix(colon + 1);
  }
  parts[3] = rest;
  if (parts[0] != kStateVersion) return std::nullopt;
  const std::optional<HashAlgorithm> algorithm = find_hash_algorithm(parts[1]);
  if (!algorithm) return std::nullopt;
  std::uint64_t size_bytes = 0;
  const auto number = std::from_chars(parts[2].data(), parts[2].data() + parts[2].size(), size_bytes);
  if (number.ec != std::errc() || size_bytes > kMaxSizeBytes) return std::nullopt;
  const std::optional<std::string> words_and_block = from_base64(parts[3]);
  if (!words_and_block) return std::nullopt;

  Hasher hasher(*algorithm);
  const bool is_filled = std::visit(
      [&]<class State>(State& state) {
        using Functions = FunctionsOf<State>;
        const std::size_t waiting = size_bytes % Functions::kBlockBytes;
        if (words_and_block->size() != sizeof state.h + waiting) return false;
        load_words(state, *words_and_block);
        std::memcpy(Functions::block(state), words_and_block->data() + sizeof state.h, waiting);
        state.num = static_cast<unsigned>(waiting);
        set_length(state, size_bytes);
        return true;
      },
      hasher.context_->state);
  if (!is_filled) return std::nullopt;
  hasher.context_->size_bytes = size_bytes;
  // Leading zeros and the like: only what this version writes is accepted.
  if (hasher.export_state() != text) return std::nullopt;
  return hasher;
}

}  // namespace berth
