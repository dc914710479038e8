// quotas: how much repositories may hold.
#include "auth/name_pattern.h"
#include "base/byte_count.h"
#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

std::optional<std::string> check_pattern(const std::string& text) {
  const auto parsed = NamePattern::parse_repository(text);
  return parsed ? std::nullopt : std::optional(parsed.error());
}

/// Unset is no limit; 0 is one.
SettingBinding byte_limit(std::optional<std::uint64_t>& target) {
  return custom<std::optional<std::uint64_t>>(
      target, "bytes", "a byte count (like 10GiB)",
      [](std::string_view text) -> std::expected<std::optional<std::uint64_t>, std::string> {
        const std::optional<std::uint64_t> bytes = parse_byte_count(text);
        if (bytes && *bytes <= std::numeric_limits<std::int64_t>::max()) return bytes;
        return std::unexpected("\"" + std::string(text) + "\" is not a byte count (like 10GiB)");
      },
      [](const std::optional<std::uint64_t>& bytes) { return bytes ? format_byte_count(*bytes) : std::string(); });
}

SettingBinding count_limit(std::optional<std::uint64_t>& target) {
  SettingBinding binding = integer_binding(
      [&target](std::int64_t count) { target = static_cast<std::uint64_t>(count); },
      [&target] { return static_cast<std::int64_t>(target.value_or(0)); }, 0, std::numeric_limits<std::int64_t>::max());
  binding.show = [&target] { return target ? std::to_string(*target) : std::string(); };
  return binding;
}

void describe_quota(SettingSection& section, QuotaRuleConfig& rule) {
  section.value("repositories", checked(text(rule.repositories), check_pattern),
                "A pattern: `*` within a segment, `**` across segments. `team/**` is all below `team`.");
  section.value(
      "per", choice<ScopeUnit>(rule.per, {{"namespace", ScopeUnit::together}, {"repository", ScopeUnit::each}}),
      "`namespace`: the limits are for all of these repositories together, and a blob that several of them link "
      "counts once. `repository`: for each of them by itself.");
  section.value("bytes", byte_limit(rule.bytes), "Manifests, and the blobs that they name. Unset: any amount.");
  section.value("pendingbytes", byte_limit(rule.pending_bytes),
                "Blobs that were pushed and that no manifest names yet. Unset: any amount.");
  section.value("manifests", count_limit(rule.manifests), "Manifests, with those of an index. Unset: any number.");
  section.value("tags", count_limit(rule.tags), "Tags. Unset: any number.");
}

}  // namespace

void describe_quotas(SettingSection root, ServerConfig& config) {
  root.list<QuotaRuleConfig>(
      "quotas", config.quotas, describe_quota,
      "Berth's own. How much repositories may hold; pushes beyond it are answered 403. All rules that match hold.");
}

}  // namespace berth
