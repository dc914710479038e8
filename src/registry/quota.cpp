#include "registry/quota.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace berth {
namespace {

constexpr std::array kResources{QuotaResource::bytes, QuotaResource::pending_bytes, QuotaResource::manifests,
                                QuotaResource::tags};

std::string amount_text(QuotaResource resource, std::uint64_t amount) {
  if (resource == QuotaResource::manifests || resource == QuotaResource::tags) return std::to_string(amount);
  constexpr std::array kUnits{"KiB", "MiB", "GiB", "TiB"};
  auto number = static_cast<double>(amount);
  if (amount < 1024) return fmt::format("{} {}", amount, amount == 1 ? "byte" : "bytes");
  std::size_t unit = 0;
  for (number /= 1024; number >= 1024 && unit + 1 < kUnits.size(); ++unit) number /= 1024;
  return fmt::format("{:.1f} {}", number, kUnits[unit]);
}

std::string_view noun_of(QuotaResource resource, std::uint64_t amount) {
  switch (resource) {
    case QuotaResource::bytes:
      return "";
    case QuotaResource::pending_bytes:
      return " of blobs that no manifest names yet";
    case QuotaResource::manifests:
      return amount == 1 ? " manifest" : " manifests";
    case QuotaResource::tags:
      return amount == 1 ? " tag" : " tags";
  }
  return "";
}

}  // namespace

std::optional<std::uint64_t> QuotaRule::limit(QuotaResource resource) const {
  switch (resource) {
    case QuotaResource::bytes:
      return bytes;
    case QuotaResource::pending_bytes:
      return pending_bytes;
    case QuotaResource::manifests:
      return manifests;
    case QuotaResource::tags:
      return tags;
  }
  return std::nullopt;
}

std::string QuotaRule::text() const {
  const bool is_plain = unit == ScopeUnit::together || repositories.is_literal();
  return is_plain ? repositories.text() : "each repository of " + repositories.text();
}

std::string_view name_of(QuotaResource resource) {
  switch (resource) {
    case QuotaResource::bytes:
      return "bytes";
    case QuotaResource::pending_bytes:
      return "pending_bytes";
    case QuotaResource::manifests:
      return "manifests";
    case QuotaResource::tags:
      return "tags";
  }
  return "";
}

std::uint64_t amount_of(const QuotaUsage& usage, QuotaResource resource) {
  switch (resource) {
    case QuotaResource::bytes:
      return usage.bytes;
    case QuotaResource::pending_bytes:
      return usage.pending_bytes;
    case QuotaResource::manifests:
      return usage.manifests;
    case QuotaResource::tags:
      return usage.tags;
  }
  return 0;
}

std::vector<QuotaScope> QuotaPolicy::scopes() const {
  std::vector<QuotaScope> scopes;
  for (const QuotaRule& rule : rules_) {
    // One repository makes the same sum either way, and by itself without a count for each blob.
    const ScopeUnit unit = rule.repositories.is_literal() ? ScopeUnit::each : rule.unit;
    scopes.push_back({.key = (unit == ScopeUnit::each ? "each " : "together ") + rule.repositories.text(),
                      .unit = unit,
                      .has = [pattern = rule.repositories](std::string_view name) { return pattern.matches(name); }});
  }
  return scopes;
}

QuotaGuard QuotaPolicy::guard() const {
  if (rules_.empty()) return {};
  return [this](std::size_t scope, const QuotaUsage& now, const QuotaUsage& then) { return check(scope, now, then); };
}

std::optional<QuotaExceeded> QuotaPolicy::check(std::size_t scope, const QuotaUsage& now,
                                                const QuotaUsage& then) const {
  for (const QuotaResource resource : kResources) {
    const std::optional<std::uint64_t> limit = rules_.at(scope).limit(resource);
    const std::uint64_t before = amount_of(now, resource);
    const std::uint64_t after = amount_of(then, resource);
    if (!limit || after <= *limit || after <= before) continue;
    return QuotaExceeded{
        .scope = scope, .resource = resource, .limit = *limit, .used = before, .needed = after - before};
  }
  return std::nullopt;
}

Error QuotaPolicy::refusal(const QuotaExceeded& exceeded) const {
  const std::uint64_t left = exceeded.limit - std::min(exceeded.limit, exceeded.used);
  const std::string rule = rules_.at(exceeded.scope).text();
  return {.code = ErrorCode::quota_exceeded,
          .message =
              fmt::format("quota of {} exceeded: {}{} more needed, {} of {} left", rule,
                          amount_text(exceeded.resource, exceeded.needed), noun_of(exceeded.resource, exceeded.needed),
                          amount_text(exceeded.resource, left), amount_text(exceeded.resource, exceeded.limit)),
          .subjects = {rule, std::string(name_of(exceeded.resource)), std::to_string(exceeded.limit),
                       std::to_string(exceeded.used), std::to_string(exceeded.needed), std::to_string(left)}};
}

}  // namespace berth
