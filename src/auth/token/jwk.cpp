#include "auth/token/jwk.h"

#include <utility>

#include "auth/token/json_members.h"
#include "content/base64.h"

namespace berth {
namespace {

constexpr std::size_t kMostCertificates = 10;
constexpr std::size_t kMostKeys = 100;
constexpr JsonLimits kSetLimits{.nesting_depth = 16, .value_count = 20'000};

}  // namespace

// In standard base64, not in the form for URLs.
bool read_certificates(const JsonValue& object, std::vector<std::string>& into) {
  const std::optional<JsonValue> list = object.find("x5c");
  if (!list || list->is_null()) return true;
  std::vector<std::string> texts;
  if (!read_texts(object, "x5c", texts) || texts.empty() || texts.size() > kMostCertificates) return false;
  for (const std::string& text : texts) {
    std::optional<std::string> certificate = from_base64(text);
    if (!certificate) return false;
    into.push_back(std::move(*certificate));
  }
  return true;
}

std::optional<Jwk> Jwk::read(const JsonValue& value) {
  if (value.kind() != JsonKind::object) return std::nullopt;
  Jwk key;
  const bool is_read = read_text(value, "kty", key.type) && read_text(value, "kid", key.key_id) &&
                       read_text(value, "alg", key.algorithm) && read_text(value, "use", key.use) &&
                       read_text(value, "crv", key.curve) && read_text(value, "x", key.x) &&
                       read_text(value, "y", key.y) && read_text(value, "n", key.n) && read_text(value, "e", key.e) &&
                       read_certificates(value, key.certificates);
  if (!is_read || key.type.empty()) return std::nullopt;
  return key;
}

std::expected<std::vector<Jwk>, std::string> parse_jwk_set(std::string_view text) {
  const Result<JsonDocument> document = JsonDocument::parse(text, kSetLimits);
  if (!document) return std::unexpected(document.error().message);
  const std::optional<JsonValue> list = document->root().find("keys");
  if (!list || list->kind() != JsonKind::array) return std::unexpected("it has no list called \"keys\"");
  std::vector<Jwk> keys;
  for (std::optional<JsonValue> item = list->first_child(); item; item = item->next_sibling()) {
    std::optional<Jwk> key = Jwk::read(*item);
    if (!key) return std::unexpected("keys[" + std::to_string(keys.size()) + "] is not a JSON Web Key");
    if (keys.size() == kMostKeys) return std::unexpected("it has more than " + std::to_string(kMostKeys) + " keys");
    keys.push_back(std::move(*key));
  }
  return keys;
}

}  // namespace berth
