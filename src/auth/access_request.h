// AccessRequest: what a caller wants to do.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

enum class AccessAction : std::uint8_t { pull, push, remove, catalog, admin };

/// "pull", "push", "delete", "catalog", "admin": as rules, tokens and messages write them.
std::string_view to_string(AccessAction action);
std::optional<AccessAction> parse_access_action(std::string_view text);

/// A set of actions, as small as a number.
class ActionSet {
 public:
  constexpr ActionSet() = default;
  constexpr ActionSet(std::initializer_list<AccessAction> actions) {
    for (const AccessAction action : actions) add(action);
  }
  constexpr void add(AccessAction action) { bits_ = static_cast<std::uint8_t>(bits_ | bit(action)); }
  constexpr bool has(AccessAction action) const { return (bits_ & bit(action)) != 0; }
  constexpr bool empty() const { return bits_ == 0; }
  constexpr bool operator==(const ActionSet&) const = default;

 private:
  static constexpr std::uint8_t bit(AccessAction action) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(action));
  }
  std::uint8_t bits_ = 0;
};

/// "pull,push", in the order of AccessAction.
std::string to_string(ActionSet actions);

/// Views of what the caller holds: a request is decided, not kept.
struct AccessRequest {
  AccessAction action = AccessAction::pull;
  /// Empty: the registry as a whole (catalog, admin).
  std::string_view repository = {};
  /// What the caller calls it, where that is an old name of it (an alias). Tokens are for names as they were asked for.
  std::string_view alias = {};
  /// Of a push or delete that names one. Empty: blobs, and manifests by digest.
  std::string_view tag = {};
  /// Whether there is a tag at all for which it would be allowed: what a token can be asked for.
  bool is_for_some_tag = false;
};

}  // namespace berth
