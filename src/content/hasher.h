// Hasher: a running digest whose state can be stored, so that an upload goes on after a restart without reading
// its bytes again. The only source that uses OpenSSL's low-level SHA contexts (EVP cannot export its state).
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "content/digest.h"

namespace berth {

/// Threading: one caller at a time. Copying copies the state.
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  Hasher(const Hasher& other);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(const Hasher& other);
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  HashAlgorithm algorithm() const;
  void update(std::span<const std::byte> bytes);
  /// Bytes hashed so far.
  std::uint64_t size_bytes() const;
  /// The digest of what was hashed so far; the hasher can go on.
  Digest digest() const;

  /// A portable, versioned text of the state (base of a metadata column); at most 400 bytes.
  std::string export_state() const;
  /// Nothing if the text is not a state that this version wrote: hash the file again then.
  static std::optional<Hasher> import_state(std::string_view state);

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace berth
