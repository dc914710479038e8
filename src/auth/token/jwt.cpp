#include "auth/token/jwt.h"

#include <algorithm>
#include <utility>

#include "auth/token/json_members.h"
#include "content/base64.h"

namespace berth {
namespace {

constexpr std::size_t kLargestToken = 32 * 1024;
constexpr std::size_t kMostAccess = 1000;
constexpr std::size_t kLongestSubject = 255;
constexpr JsonLimits kLimits{.nesting_depth = 8, .value_count = 8000};

std::unexpected<std::string> wrong(const std::string& what) {
  return std::unexpected("the token's " + what);
}

bool read_access(const JsonValue& claims, std::vector<TokenAccess>& into) {
  const std::optional<JsonValue> list = claims.find("access");
  if (!list || list->is_null()) return true;
  if (list->kind() != JsonKind::array) return false;
  for (std::optional<JsonValue> entry = list->first_child(); entry; entry = entry->next_sibling()) {
    TokenAccess access;
    const bool is_read = entry->kind() == JsonKind::object && read_text(*entry, "type", access.type) &&
                         read_text(*entry, "name", access.name) && read_texts(*entry, "actions", access.actions);
    if (!is_read || into.size() == kMostAccess) return false;
    into.push_back(std::move(access));
  }
  return true;
}

// RFC 7519, 4.1.3: a list, or the one it has.
bool read_audience(const JsonValue& claims, std::vector<std::string>& into) {
  std::string one;
  if (!read_text(claims, "aud", one)) return read_texts(claims, "aud", into);
  if (!one.empty()) into.push_back(std::move(one));
  return true;
}

// A name goes into logs and histories as it is.
bool is_name(std::string_view text) {
  return text.size() <= kLongestSubject &&
         std::ranges::none_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

std::expected<TokenClaims, std::string> read_claims(const JsonValue& root) {
  TokenClaims claims;
  if (!read_text(root, "iss", claims.issuer)) return wrong("iss is not text");
  if (!read_text(root, "sub", claims.subject) || !is_name(claims.subject)) return wrong("sub is not a name");
  if (!read_audience(root, claims.audience)) return wrong("aud is neither text nor a list of texts");
  if (!read_number(root, "exp", claims.expires)) return wrong("exp is not a time");
  if (!read_number(root, "nbf", claims.not_before)) return wrong("nbf is not a time");
  if (!read_access(root, claims.access)) return wrong("access is not a list of type, name and actions");
  const bool is_own_read = read_text(root, "berth_kind", claims.kind) && read_text(root, "berth_stamp", claims.stamp) &&
                           read_texts(root, "berth_groups", claims.groups);
  if (!is_own_read) return wrong("claims of Berth's own are malformed");
  return claims;
}

std::expected<void, std::string> read_header(const JsonValue& root, Jwt& token) {
  // RFC 7515, 4.1.11: who does not understand what is critical must not go on.
  if (root.find("crit")) return wrong("header has critical extensions, of which none is understood");
  if (!read_text(root, "alg", token.algorithm) || token.algorithm.empty()) return wrong("header names no algorithm");
  std::string key_id;
  if (!read_text(root, "typ", token.type)) return wrong("typ is not text");
  if (!read_text(root, "kid", key_id)) return wrong("kid is not text");
  if (!key_id.empty()) token.key_id = std::move(key_id);
  if (!read_certificates(root, token.certificates)) return wrong("x5c is not a list of certificates in base64");
  const std::optional<JsonValue> key = root.find("jwk");
  if (!key || key->is_null()) return {};
  token.key = Jwk::read(*key);
  if (!token.key) return wrong("jwk is not a JSON Web Key");
  return {};
}

}  // namespace

std::expected<Jwt, std::string> Jwt::parse(std::string_view token) {
  if (token.size() > kLargestToken) return wrong("size is more than 32 KiB");
  const std::size_t first = token.find('.');
  const std::size_t second = first == std::string_view::npos ? first : token.find('.', first + 1);
  if (second == std::string_view::npos || token.find('.', second + 1) != std::string_view::npos) {
    return wrong("form is not that of a signed JSON Web Token");
  }
  const std::optional<std::string> header = from_base64url(token.substr(0, first));
  const std::optional<std::string> payload = from_base64url(token.substr(first + 1, second - first - 1));
  std::optional<std::string> signature = from_base64url(token.substr(second + 1));
  if (!header || !payload || !signature) return wrong("parts are not base64url");

  Jwt parsed;
  const Result<JsonDocument> head = JsonDocument::parse(*header, kLimits);
  if (!head) return wrong("header is malformed: " + head.error().message);
  if (head->root().kind() != JsonKind::object) return wrong("header is not a JSON object");
  if (auto read = read_header(head->root(), parsed); !read) return std::unexpected(std::move(read.error()));
  const Result<JsonDocument> body = JsonDocument::parse(*payload, kLimits);
  if (!body) return wrong("claims are malformed: " + body.error().message);
  if (body->root().kind() != JsonKind::object) return wrong("claims are not a JSON object");
  auto claims = read_claims(body->root());
  if (!claims) return std::unexpected(std::move(claims.error()));
  parsed.claims = std::move(*claims);
  parsed.signed_text = token.substr(0, second);
  parsed.signature = std::move(*signature);
  return parsed;
}

}  // namespace berth
