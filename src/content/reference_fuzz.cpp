// Fuzzes what stands in request paths and stored columns: digests, names, tags, references, hash states and base64.
// What is accepted must write itself back, and a slow reading of the specification's grammar must agree.
#include <algorithm>
#include <cstdint>

#include "content/base64.h"
#include "content/hasher.h"
#include "content/reference.h"
#include "tests/support/require.h"

namespace berth {
namespace {

bool is_of(std::string_view text, std::string_view alphabet) {
  return text.find_first_not_of(alphabet) == text.npos;
}

constexpr std::string_view kLowerAndDigits = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kTagCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";

bool is_component_by_grammar(std::string_view text) {
  if (!is_of(text, std::string(kLowerAndDigits) + "._-")) return false;
  for (;;) {
    const std::size_t separator = text.find_first_not_of(kLowerAndDigits);
    if (separator == 0 || text.empty()) return false;
    if (separator == text.npos) return true;
    text.remove_prefix(separator);
    const std::size_t length = std::min(text.find_first_of(kLowerAndDigits), text.size());
    const std::string_view between = text.substr(0, length);
    if (between != "." && between != "_" && between != "__" && !is_of(between, "-")) return false;
    text.remove_prefix(length);
  }
}

bool is_name_by_grammar(std::string_view text) {
  if (text.size() > 255) return false;
  for (;;) {
    const std::size_t slash = text.find('/');
    if (!is_component_by_grammar(text.substr(0, slash))) return false;
    if (slash == text.npos) return true;
    text.remove_prefix(slash + 1);
  }
}

bool is_tag_by_grammar(std::string_view text) {
  return !text.empty() && text.size() <= 128 && is_of(text, kTagCharacters) &&
         is_of(text.substr(0, 1), kTagCharacters.substr(0, 63));
}

bool is_digest_by_grammar(std::string_view text) {
  const auto is_hex = [&](std::size_t from, std::size_t count) {
    return text.size() == from + count && is_of(text.substr(from), "0123456789abcdef");
  };
  return (text.starts_with("sha256:") && is_hex(7, 64)) || (text.starts_with("sha512:") && is_hex(7, 128));
}

void check_refusal(const Error& error, ErrorCode code) {
  require(error.code == code, "refusal code");
  require(!error.message.empty() && error.message.size() < 500, "a refusal has words, and few");
  require(std::ranges::all_of(error.message, [](char c) { return c >= 0x20 && c < 0x7f; }), "a refusal is printable");
}

void check_names(std::string_view text) {
  const Result<RepositoryName> name = RepositoryName::parse(text);
  require(name.has_value() == is_name_by_grammar(text), "repository name by the grammar");
  if (name) {
    require(name->text() == text, "a name writes itself back");
  } else {
    check_refusal(name.error(), ErrorCode::name_invalid);
  }

  const Result<Tag> tag = Tag::parse(text);
  require(tag.has_value() == is_tag_by_grammar(text), "tag by the grammar");
  if (tag) {
    require(tag->text() == text, "a tag writes itself back");
  } else {
    check_refusal(tag.error(), ErrorCode::tag_invalid);
  }
}

void check_digests(std::string_view text) {
  const Result<Digest> digest = Digest::parse(text);
  require(digest.has_value() == is_digest_by_grammar(text), "digest by the grammar");
  if (digest) {
    require(digest->to_string() == text, "a digest writes itself back");
    const Digest again = Digest::from_bytes(digest->algorithm(), digest->bytes());
    require(again == *digest && std::hash<Digest>()(again) == std::hash<Digest>()(*digest),
            "equal digests hash equally");
  } else {
    check_refusal(digest.error(), ErrorCode::digest_invalid);
  }

  const Result<Reference> reference = parse_reference(text);
  const bool is_digest_shaped = text.find(':') != text.npos;
  require(reference.has_value() == (is_digest_shaped ? digest.has_value() : is_tag_by_grammar(text)), "reference");
  if (reference) {
    require(std::holds_alternative<Digest>(*reference) == is_digest_shaped, "a reference is one or the other");
  } else {
    check_refusal(reference.error(), is_digest_shaped ? ErrorCode::digest_invalid : ErrorCode::tag_invalid);
  }
}

void check_states(std::string_view text) {
  if (const std::optional<std::string> bytes = from_base64(text)) {
    require(to_base64(std::as_bytes(std::span(*bytes))) == text, "base64 writes itself back");
  }
  require(from_base64(to_base64(std::as_bytes(std::span(text)))) == text, "base64 carries any bytes");

  if (std::optional<Hasher> hasher = Hasher::import_state(text)) {
    require(hasher->export_state() == text, "a hash state writes itself back");
    Hasher other = *hasher;
    hasher->update(std::as_bytes(std::span(text)));
    for (const char& c : text) other.update(std::as_bytes(std::span(&c, 1)));
    require(hasher->digest() == other.digest(), "a hash does not depend on how the bytes are cut");
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  berth::check_names(text);
  berth::check_digests(text);
  berth::check_states(text);
  return 0;
}
