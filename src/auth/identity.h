// Identity: who asks, once that is proved.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace berth {

class AccessLimit;

enum class IdentityKind { anonymous, user, robot };

/// How a caller proved who he is. It decides what a refusal looks like: a password or certificate will not get better
/// by asking again (403), a token can be exchanged for a wider one (401).
enum class Proof { none, password, token, certificate };

/// Immutable once shared.
struct Identity {
  IdentityKind kind = IdentityKind::anonymous;
  /// Of the user or robot, as access log and tag history show it; empty for anonymous callers.
  std::string name = {};
  std::vector<std::string> groups = {};
  Proof proof = Proof::none;
  /// What the credentials are good for at most, whatever the rules allow: the scope of a token. Null: no limit.
  std::shared_ptr<const AccessLimit> limit = {};
  /// He proved it with his own password, and not with something lesser that can be taken back by itself (a personal
  /// access token): a refresh token may stand for it, and he may make personal access tokens.
  bool can_refresh = false;

  bool has_name() const { return kind != IdentityKind::anonymous; }
  /// Something was proved, if only that a token service gave out a token for nobody in particular.
  bool is_proved() const { return proof != Proof::none; }
};

}  // namespace berth
