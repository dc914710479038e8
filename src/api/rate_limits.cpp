#include "api/rate_limits.h"

#include <fmt/format.h>

#include <algorithm>

#include "api/error_response.h"
#include "content/media_type.h"

namespace berth {
namespace {

constexpr std::string_view kRequests = "requests";
constexpr std::string_view kPulls = "pulls";
constexpr std::string_view kBytes = "bytes";
constexpr std::string_view kUnixPeer = "unix";

/// A manifest that is no index was sent.
bool sent_image(const http::Response& response) {
  if (response.status != 200) return false;
  const std::string_view type = response.headers.find("Content-Type").value_or("");
  return type != media_type::kOciIndex && type != media_type::kDockerManifestList;
}

/// Docker Hub's "100;w=21600".
std::string with_window(std::uint64_t units, const BudgetLimit& limit) {
  return fmt::format("{};w={}", units, limit.window.count());
}

std::string source_of(const RateOwner& owner) {
  if (owner.kind != IdentityKind::anonymous) return std::string(owner.name);
  return owner.address ? owner.address->customer().text() : std::string(kUnixPeer);
}

}  // namespace

std::string_view namespace_of(std::string_view repository) {
  return repository.substr(0, repository.find('/'));
}

RateLimits::RateLimits(RateLimitOptions options, Budgets& budgets, Metrics& metrics)
    : options_(options), is_on_(options.is_on()), budgets_(budgets), metrics_(metrics) {}

std::array<RateLimits::Scope, 2> RateLimits::scopes_of(const RateOwner& owner) const {
  static constexpr OwnerLimits kNone{};
  Scope caller{.kind = "anonymous", .owner = kUnixPeer, .limits = &options_.anonymous};
  switch (owner.kind) {
    case IdentityKind::anonymous:
      // The bytes of the network stand for it; a view of the caller's copy, which outlives the step.
      if (owner.address)
        caller.owner = owner.address->is_v4() ? owner.address->key() : owner.address->key().substr(0, 8);
      break;
    case IdentityKind::user:
      caller = {.kind = "user", .owner = owner.name, .limits = &options_.user};
      break;
    case IdentityKind::robot:
      caller = {.kind = "robot", .owner = owner.name, .limits = &options_.robot};
      break;
  }
  const Scope name_space{.kind = "namespace",
                         .owner = namespace_of(owner.repository),
                         .limits = owner.repository.empty() ? &kNone : &options_.name_space};
  return {caller, name_space};
}

std::optional<RateRefusal> RateLimits::admit(const RateOwner& owner, PullCount pull) {
  const std::array<Scope, 2> scopes = scopes_of(owner);
  struct Taken {
    BudgetName name;
    BudgetLimit limit;
  };
  std::array<Taken, 4> taken;
  std::size_t taken_count = 0;
  std::optional<RateRefusal> refusal;
  for (const Scope& scope : scopes) {
    const auto ask = [&](std::string_view what, const BudgetLimit& limit, bool takes) {
      if (refusal || !limit.is_set()) return;
      const BudgetName name{.what = what, .owner_kind = scope.kind, .owner = scope.owner};
      const BudgetState state = takes ? budgets_.take(name, limit, 1) : budgets_.look(name, limit);
      if (!state.is_granted) {
        refusal = RateRefusal{.what = what, .owner_kind = scope.kind, .limit = limit, .wait = state.wait};
      } else if (takes) {
        taken[taken_count++] = {.name = name, .limit = limit};
      }
    };
    ask(kBytes, scope.limits->bytes, false);
    ask(kRequests, scope.limits->requests, true);
    if (pull == PullCount::take) ask(kPulls, scope.limits->pulls, true);
  }
  if (!refusal) return std::nullopt;
  for (std::size_t i = 0; i < taken_count; ++i) budgets_.give_back(taken[i].name, taken[i].limit, 1);
  return refusal;
}

bool RateLimits::limits_pulls(const RateOwner& owner) const {
  return std::ranges::any_of(scopes_of(owner), [](const Scope& scope) { return scope.limits->pulls.is_set(); });
}

bool RateLimits::admit_at_once(const RateOwner& owner, PullCount pull, std::uint64_t body_bytes) {
  // The answer is ready, and what is left is different each time.
  if (pull != PullCount::none && limits_pulls(owner)) return false;
  if (admit(owner, PullCount::none)) return false;
  if (body_bytes == 0) return true;
  for (const Scope& scope : scopes_of(owner)) {
    if (!scope.limits->bytes.is_set()) continue;
    budgets_.take({.what = kBytes, .owner_kind = scope.kind, .owner = scope.owner}, scope.limits->bytes, body_bytes);
  }
  return true;
}

void RateLimits::settle(const RateOwner& owner, PullCount pull, std::uint64_t body_bytes, http::Response& response) {
  const bool gives_pull_back = pull == PullCount::take && !sent_image(response);
  for (const Scope& scope : scopes_of(owner)) {
    const auto name = [&scope](std::string_view what) {
      return BudgetName{.what = what, .owner_kind = scope.kind, .owner = scope.owner};
    };
    if (scope.limits->bytes.is_set() && body_bytes > 0) budgets_.take(name(kBytes), scope.limits->bytes, body_bytes);
    if (scope.limits->pulls.is_set() && gives_pull_back) budgets_.give_back(name(kPulls), scope.limits->pulls, 1);
  }
  if (pull != PullCount::none) add_pull_fields(owner, response.headers);
}

void RateLimits::add_pull_fields(const RateOwner& owner, Headers& fields) {
  // Of the two budgets the one that has less left.
  std::optional<BudgetState> least;
  const BudgetLimit* limit = nullptr;
  for (const Scope& scope : scopes_of(owner)) {
    if (!scope.limits->pulls.is_set()) continue;
    const BudgetState state =
        budgets_.look({.what = kPulls, .owner_kind = scope.kind, .owner = scope.owner}, scope.limits->pulls);
    if (least && least->remaining <= state.remaining) continue;
    least = state;
    limit = &scope.limits->pulls;
  }
  if (limit == nullptr) return;
  fields.set("Docker-RateLimit-Source", source_of(owner));
  add_fields(fields, kPulls, *limit, least->remaining, least->wait);
}

void RateLimits::add_fields(Headers& fields, std::string_view what, const BudgetLimit& limit, std::uint64_t remaining,
                            std::chrono::seconds wait) const {
  // Docker Hub's, which clients and monitors read for pulls; and those of draft-ietf-httpapi-ratelimit-headers, for
  // all.
  if (what == kPulls) {
    fields.set("RateLimit-Limit", with_window(limit.units, limit));
    fields.set("RateLimit-Remaining", with_window(remaining, limit));
  }
  fields.set("RateLimit-Policy", fmt::format("\"{}\";q={};w={}", what, limit.units, limit.window.count()));
  fields.set("RateLimit", fmt::format("\"{}\";r={};t={}", what, remaining, wait.count()));
}

void RateLimits::count(const RateRefusal& refusal) {
  metrics_
      .counter("berth_rate_limited_total", "Requests that were refused because their budget was spent.",
               {{"limit", std::string(refusal.what)}, {"of", std::string(refusal.owner_kind)}})
      .add();
}

http::Response RateLimits::refuse(const RateOwner& owner, const RateRefusal& refusal) {
  count(refusal);
  http::Response response = error_response(
      {.code = ErrorCode::too_many_requests,
       .message =
           fmt::format("{} of {}: at most {} in {} seconds, come back in {}", refusal.what,
                       refusal.owner_kind == "anonymous" ? "this address" : "this " + std::string(refusal.owner_kind),
                       refusal.limit.units, refusal.limit.window.count(), refusal.wait.count())});
  response.headers.set("Retry-After", std::to_string(refusal.wait.count()));
  if (refusal.what == kPulls) response.headers.set("Docker-RateLimit-Source", source_of(owner));
  add_fields(response.headers, refusal.what, refusal.limit, 0, refusal.wait);
  return response;
}

}  // namespace berth
