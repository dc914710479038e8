// JsonDocument: a JSON text as the door to the registry needs to see it. Boost's own DOM keeps one of two equal keys in
// silence, and then two readers of one manifest can see two different manifests (CVE-2021-41190 is of that family), so
// this one refuses them, at any depth.
#pragma once

#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace berth {

struct JsonLimits {
  std::size_t nesting_depth = 64;
  std::size_t value_count = 500'000;  ///< bounds the memory: about 40 bytes for each value
};

enum class JsonKind : std::uint8_t { null, boolean, integer, other_number, string, array, object };

class JsonDocument;

/// One value of a document, which must outlive it. Cheap to copy.
class JsonValue {
 public:
  JsonKind kind() const;
  bool is_null() const { return kind() == JsonKind::null; }
  /// The member's name in its object; empty for others.
  std::string_view key() const;
  /// Nothing unless the value is a string.
  std::optional<std::string_view> as_string() const;
  /// Nothing unless the value is true or false.
  std::optional<bool> as_boolean() const;
  /// Nothing unless the value is written as a whole number (no fraction, no exponent) from 0 to 2^63-1.
  std::optional<std::uint64_t> as_whole_number() const;
  /// Nothing unless the value is a number that is not negative; what is not whole comes as near as a double can.
  std::optional<double> as_number() const;
  /// The object's member of this name; nothing if there is none, or if the value is not an object.
  std::optional<JsonValue> find(std::string_view name) const;
  /// The first member or element; nothing if there is none.
  std::optional<JsonValue> first_child() const;
  /// The next member or element of the same parent; nothing after the last.
  std::optional<JsonValue> next_sibling() const;

 private:
  friend class JsonDocument;
  JsonValue(const JsonDocument& document, std::uint32_t index, std::uint32_t parent_end)
      : document_(&document), index_(index), parent_end_(parent_end) {}
  const JsonDocument* document_;
  std::uint32_t index_;
  std::uint32_t parent_end_;
};

/// Threading: reading is free for all threads.
/// Lifetime:  strings are views of the parsed bytes, which must outlive the document.
class JsonDocument {
 public:
  /// Refuses with manifest_invalid: what is not JSON (RFC 8259) or not UTF-8, keys that appear twice in an object
  /// (compared after unescaping), and what is over a limit.
  static Result<JsonDocument> parse(std::string_view bytes, const JsonLimits& limits = {});

  JsonDocument(JsonDocument&&) noexcept = default;
  JsonDocument& operator=(JsonDocument&&) noexcept = default;
  JsonDocument(const JsonDocument&) = delete;
  JsonDocument& operator=(const JsonDocument&) = delete;

  JsonValue root() const { return {*this, 0, nodes_.front().end}; }

 private:
  friend class JsonValue;
  class Builder;

  // Nodes stand in the order of the text, a container directly before its children.
  struct Node {
    std::string_view key;
    const char* text;  // strings: where they begin
    // Strings: their length; booleans: 0 or 1; integers: their value, kOutOfRange if negative or over 2^63-1; other
    // numbers: a double's bits.
    std::uint64_t number;
    std::uint32_t end;  // index after the last descendant
    JsonKind kind;
  };
  static constexpr std::uint64_t kOutOfRange = ~std::uint64_t{0};

  JsonDocument() = default;
  std::vector<Node> nodes_;
  std::forward_list<std::string> unescaped_;  // strings that are not in the bytes as they read
};

}  // namespace berth
