// TokenService: gives out tokens and tells with which keys they are signed. Speaks no HTTP: api/token.cpp does.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "auth/access_policy.h"
#include "auth/authenticator.h"
#include "auth/token_scope.h"

namespace berth {

struct IssuedToken {
  std::string token;
  std::string scope;  ///< what it is for, of what was asked
  WallTime issued;
  std::chrono::seconds lifetime;
};

/// The name of the repository that a name stands for. Pure, quick, on any thread.
using RealName = std::function<std::string(const std::string&)>;

/// Threading: any loop.
class TokenService {
 public:
  virtual ~TokenService() = default;

  /// Whether it gives out tokens for a service of that name; empty is its own.
  virtual bool serves(std::string_view service) const = 0;

  /// A token for what is asked for and allowed, which may be nothing. Anonymous callers get one, too. `real_name` says
  /// which repository an alias stands for: the rules hold for that one.
  virtual IssuedToken issue(const Identity& who, const AccessPolicy& policy, std::string_view service,
                            const std::vector<TokenScope>& asked, const RealName& real_name) = 0;

  /// What gets the user tokens later on without his password; nothing for those who have none of their own
  /// (Identity::can_refresh). Void as soon as his password changes or he is gone.
  virtual Task<std::optional<std::string>> issue_refresh(std::shared_ptr<const Identity> who, std::string service) = 0;
  /// Who it was given to, for that service.
  virtual Task<Authentication> redeem(std::string refresh_token, std::string service) = 0;

  /// The public keys as a JWK Set: those that sign, that will, and that did as long as something they signed holds.
  virtual std::string key_set() const = 0;
};

}  // namespace berth
