#include "migration/remote_registry.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <charconv>
#include <exception>
#include <span>

#include "base/failure.h"
#include "content/base64.h"
#include "content/media_type.h"
#include "net/auth_challenge.h"

namespace berth {
namespace {

constexpr int kMostRedirects = 5;
constexpr std::size_t kPage = 1'000;
constexpr std::size_t kErrorBytes = 4'096;
constexpr std::size_t kTokenBytes = 256 * 1024;
constexpr std::chrono::seconds kLongestPause{60};

std::string accept_manifests() {
  return fmt::format("{}, {}, {}, {}", media_type::kOciManifest, media_type::kOciIndex, media_type::kDockerManifest,
                     media_type::kDockerManifestList);
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
                          c == '.' || c == '_' || c == '~';
    if (is_plain) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

bool is_passing(unsigned status) {
  return status == 429 || status >= 500;
}

std::chrono::milliseconds pause_before(const OutboundResponse& response, std::chrono::milliseconds planned) {
  const auto field = response.headers.find("Retry-After");
  unsigned seconds = 0;
  if (field && std::from_chars(field->data(), field->data() + field->size(), seconds).ec == std::errc()) {
    return std::min<std::chrono::milliseconds>(std::chrono::seconds(seconds), kLongestPause);
  }
  return planned;
}

std::string pull_scope(const std::string& repository) {
  return "repository:" + repository + ":pull";
}

/// The body of an answer that goes on to somebody else, with what it was read from.
boost::json::object object_in(const std::string& text, const std::string& where) {
  boost::json::error_code error;
  boost::json::value value = boost::json::parse(text, error);
  if (error || !value.is_object()) throw Failure(FailureKind::interrupted, where + ": the answer is no JSON object");
  return value.as_object();
}

}  // namespace

RemoteRegistry::RemoteRegistry(RemoteRegistryOptions options)
    : options_(std::move(options)), client_({.is_verifying = options_.is_verifying, .ca_file = options_.ca_file}) {}

std::string RemoteRegistry::basic_credentials() const {
  const std::string both = options_.user + ":" + options_.password;
  return "Basic " + to_base64(std::as_bytes(std::span(both)));
}

Task<std::optional<OutboundResponse>> RemoteRegistry::ask(Asked asked) {
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  std::chrono::milliseconds pause = options_.first_pause;
  bool has_logged_in = false;
  for (unsigned tried = 1;; ++tried) {
    std::string failure;
    std::chrono::milliseconds wait = pause;
    try {
      OutboundResponse response = co_await ask_once(asked);
      if (response.status < 300) co_return response;
      if (response.status == 404) co_return std::nullopt;
      if (response.status == 401 && !has_logged_in) {
        has_logged_in = co_await log_in(response, asked.scope);
        if (has_logged_in) {
          --tried;
          continue;
        }
      }
      const std::string said = co_await read_whole(*response.body, kErrorBytes);
      failure = fmt::format("{}{}: answered {}: {}", options_.base.origin(), asked.target, response.status, said);
      if (!is_passing(response.status)) throw Failure(FailureKind::internal, failure);
      wait = pause_before(response, pause);
    } catch (const Failure& error) {
      if (error.kind() != FailureKind::interrupted) throw Failure(FailureKind::interrupted, error.what());
      failure = error.what();
    }
    if (tried >= options_.tries) throw Failure(FailureKind::interrupted, failure);
    timer.expires_after(wait);
    co_await timer.async_wait(boost::asio::use_awaitable);
    pause *= 2;
  }
}

Task<OutboundResponse> RemoteRegistry::ask_once(const Asked& asked) {
  OutboundRequest request{.method = asked.method, .url = options_.base};
  request.url.target = asked.target;
  if (asked.accepts_manifests) request.headers.add("Accept", accept_manifests());
  if (const auto known = authorization_.find(asked.scope); known != authorization_.end()) {
    request.headers.add("Authorization", known->second);
  }
  const Url from = request.url;
  OutboundResponse response = co_await client_.send(std::move(request));
  co_return co_await follow(std::move(response), from);
}

/// To wherever the bytes are. Credentials are for the registry alone.
Task<OutboundResponse> RemoteRegistry::follow(OutboundResponse response, Url from) {
  for (int count = 0; count < kMostRedirects; ++count) {
    const bool is_redirect = response.status == 301 || response.status == 302 || response.status == 303 ||
                             response.status == 307 || response.status == 308;
    if (!is_redirect) break;
    const auto location = response.headers.find("Location");
    const std::optional<Url> to = location ? from.resolve(*location) : std::nullopt;
    if (!to) throw Failure(FailureKind::interrupted, fmt::format("{}: redirects to nowhere", from.origin()));
    if (from.is_tls && !to->is_tls) {
      throw Failure(FailureKind::interrupted, fmt::format("{}: redirects from TLS to plain text", from.origin()));
    }
    OutboundRequest request{.url = *to};
    from = *to;
    response = co_await client_.send(std::move(request));
  }
  co_return response;
}

/// False if there is nothing to log in with.
Task<bool> RemoteRegistry::log_in(const OutboundResponse& refused, std::string scope) {
  for (const std::string_view field : refused.headers.find_all("WWW-Authenticate")) {
    const AuthChallenge challenge = parse_auth_challenge(field);
    if (challenge.scheme == "bearer") {
      std::string token = co_await fetch_token(challenge.parameters, scope);
      authorization_[scope] = "Bearer " + token;
      co_return true;
    }
    if (challenge.scheme == "basic" && !options_.user.empty()) {
      authorization_[scope] = basic_credentials();
      co_return true;
    }
  }
  co_return false;
}

Task<std::string> RemoteRegistry::fetch_token(std::map<std::string, std::string> challenge, std::string scope) {
  std::optional<Url> realm = options_.base.resolve(challenge["realm"]);
  if (!realm) throw Failure(FailureKind::interrupted, options_.base.origin() + ": names no token service");
  std::string query = "service=" + percent_encoded(challenge["service"]);
  if (!scope.empty()) query += "&scope=" + percent_encoded(scope);
  realm->target += (realm->target.find('?') == std::string::npos ? "?" : "&") + query;
  OutboundRequest request{.url = *realm};
  if (!options_.user.empty()) {
    if (options_.base.is_tls && !realm->is_tls) {
      throw Failure(FailureKind::interrupted, realm->origin() + ": would get the password in plain text");
    }
    request.headers.add("Authorization", basic_credentials());
  }
  OutboundResponse response = co_await client_.send(std::move(request));
  const std::string text = co_await read_whole(*response.body, kTokenBytes);
  if (response.status != 200) {
    throw Failure(FailureKind::internal, fmt::format("{}: gives no token ({}): {}", realm->origin(), response.status,
                                                     text.substr(0, kErrorBytes)));
  }
  const boost::json::object answer = object_in(text, realm->origin());
  for (const char* name : {"token", "access_token"}) {
    const boost::json::value* token = answer.if_contains(name);
    if (token != nullptr && token->is_string() && !token->as_string().empty())
      co_return std::string(token->as_string());
  }
  throw Failure(FailureKind::interrupted, realm->origin() + ": the answer has no token");
}

Task<std::vector<std::string>> RemoteRegistry::list(std::string target, std::string scope, std::string field) {
  std::vector<std::string> names;
  for (std::optional<std::string> next = std::move(target); next;) {
    std::optional<OutboundResponse> response = co_await ask({.target = *next, .scope = scope});
    if (!response) break;
    const std::string text = co_await read_whole(*response->body, options_.list_bytes);
    const boost::json::object page = object_in(text, options_.base.origin() + *next);
    if (const boost::json::value* entries = page.if_contains(field); entries != nullptr && entries->is_array()) {
      for (const boost::json::value& name : entries->as_array()) {
        if (name.is_string()) names.emplace_back(name.as_string());
      }
    }
    std::optional<std::string> following = next_page_of(response->headers.find("Link").value_or(""));
    // Relative to the registry, or absolute; always this registry's.
    if (following) {
      const std::optional<Url> url = options_.base.resolve(*following);
      following = url ? std::optional(url->target) : std::nullopt;
    }
    if (following == next) break;
    next = std::move(following);
  }
  co_return names;
}

Task<std::vector<std::string>> RemoteRegistry::repositories() {
  co_return co_await list(fmt::format("/v2/_catalog?n={}", kPage), "registry:catalog:*", "repositories");
}

Task<std::optional<Digest>> RemoteRegistry::resolve(std::string repository, std::string reference) {
  const std::string target = "/v2/" + repository + "/manifests/" + reference;
  std::optional<OutboundResponse> head =
      co_await ask({.method = "HEAD", .target = target, .scope = pull_scope(repository), .accepts_manifests = true});
  if (!head) co_return std::nullopt;
  if (const auto field = head->headers.find("Docker-Content-Digest")) {
    if (const Result<Digest> digest = Digest::parse(*field)) co_return *digest;
  }
  // A registry that does not say: the bytes do.
  std::optional<OutboundResponse> whole =
      co_await ask({.target = target, .scope = pull_scope(repository), .accepts_manifests = true});
  if (!whole) co_return std::nullopt;
  const std::string bytes = co_await read_whole(*whole->body, options_.manifest_bytes);
  co_return digest_of(HashAlgorithm::sha256, bytes);
}

Task<std::vector<SourceRoot>> RemoteRegistry::roots(std::string repository) {
  const std::vector<std::string> tags =
      co_await list(fmt::format("/v2/{}/tags/list?n={}", repository, kPage), pull_scope(repository), "tags");
  std::vector<SourceRoot> roots;
  std::map<Digest, std::size_t> places;
  for (const std::string& name : tags) {
    Result<Tag> tag = Tag::parse(name);
    if (!tag) continue;
    const std::optional<Digest> digest = co_await resolve(repository, name);
    if (!digest) continue;  // deleted meanwhile
    const auto [place, is_new] = places.emplace(*digest, roots.size());
    if (is_new) roots.push_back({.digest = *digest});
    roots[place->second].tags.push_back(*std::move(tag));
  }
  co_return roots;
}

Task<std::optional<SourceManifest>> RemoteRegistry::manifest(std::string repository, Digest digest) {
  std::optional<OutboundResponse> response =
      co_await ask({.target = "/v2/" + repository + "/manifests/" + digest.to_string(),
                    .scope = pull_scope(repository),
                    .accepts_manifests = true});
  if (!response) co_return std::nullopt;
  SourceManifest manifest;
  if (const auto type = response->headers.find("Content-Type")) manifest.media_type = without_parameters(*type);
  if (!is_manifest_type(manifest.media_type)) manifest.media_type.clear();
  manifest.bytes = SharedBytes(co_await read_whole(*response->body, options_.manifest_bytes));
  co_return manifest;
}

Task<std::optional<SourceBlob>> RemoteRegistry::blob(std::string repository, Digest digest) {
  std::optional<OutboundResponse> response =
      co_await ask({.target = "/v2/" + repository + "/blobs/" + digest.to_string(), .scope = pull_scope(repository)});
  if (!response) co_return std::nullopt;
  co_return SourceBlob{.bytes = std::move(response->body), .size_bytes = response->length_bytes};
}

Task<std::vector<Digest>> RemoteRegistry::referrers(std::string repository, Digest digest) {
  std::string text;
  if (has_referrers_) {
    std::optional<OutboundResponse> response = co_await ask(
        {.target = "/v2/" + repository + "/referrers/" + digest.to_string(), .scope = pull_scope(repository)});
    if (response) {
      text = co_await read_whole(*response->body, options_.list_bytes);
    } else {
      has_referrers_ = false;
    }
  }
  if (!has_referrers_) {
    // What is listed under such a tag is brought in with the tag, too.
    const std::string tag = fmt::format("{}-{}", digest.algorithm_name(), digest.hex());
    std::optional<OutboundResponse> response = co_await ask({.target = "/v2/" + repository + "/manifests/" + tag,
                                                             .scope = pull_scope(repository),
                                                             .accepts_manifests = true});
    if (!response) co_return std::vector<Digest>();
    text = co_await read_whole(*response->body, options_.list_bytes);
  }
  std::vector<Digest> found;
  const boost::json::object index = object_in(text, options_.base.origin());
  const boost::json::value* manifests = index.if_contains("manifests");
  if (manifests == nullptr || !manifests->is_array()) co_return found;
  for (const boost::json::value& each : manifests->as_array()) {
    const boost::json::value* said = each.is_object() ? each.as_object().if_contains("digest") : nullptr;
    if (said == nullptr || !said->is_string()) continue;
    if (const Result<Digest> referrer = Digest::parse(std::string_view(said->as_string()))) found.push_back(*referrer);
  }
  co_return found;
}

}  // namespace berth
