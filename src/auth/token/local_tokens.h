// LocalTokens: Berth's own token service: signs tokens, and knows its own again.
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "auth/authenticator.h"
#include "auth/token/signing_keys.h"
#include "auth/token/token_verifier.h"
#include "auth/token_service.h"
#include "base/entropy.h"

namespace berth {

struct LocalTokensOptions {
  std::string issuer = "berth";
  std::string service = "berth";
  /// Other registries that trust this one's tokens; this one's rules say what they are for.
  std::vector<std::string> more_services = {};
  std::chrono::seconds lifetime{300};
  std::chrono::seconds refresh_lifetime{30 * 24 * 3600};
};

/// A token's `access` is what was asked for and allowed when it was given out. When it is used, the rules are asked
/// again, for the user and the groups that are in it: what is denied meanwhile is denied at once.
///
/// Threading: any loop. Lifetime: directories and keys outlive it.
class LocalTokens final : public TokenService, public Authenticator {
 public:
  LocalTokens(LocalTokensOptions options, SigningKeys& keys, std::vector<UserDirectory*> users, const Clock& clock,
              Entropy& entropy);

  bool serves(std::string_view service) const override;
  IssuedToken issue(const Identity& who, const AccessPolicy& policy, std::string_view service,
                    const std::vector<TokenScope>& asked, const RealName& real_name) override;
  Task<std::optional<std::string>> issue_refresh(std::shared_ptr<const Identity> who, std::string service) override;
  Task<Authentication> redeem(std::string refresh_token, std::string service) override;
  std::string key_set() const override { return keys_.key_set(); }

  /// Tokens for this registry. Those that another service signed are not its business.
  Task<Authentication> authenticate(Credentials credentials) override;

 private:
  std::string sign(std::string_view type, const std::string& claims) const;
  Task<std::optional<KnownUser>> find_user(std::string name, IdentityKind kind);

  // Fixed after construction.
  const LocalTokensOptions options_;
  SigningKeys& keys_;
  const std::vector<UserDirectory*> users_;
  const Clock& clock_;
  Entropy& entropy_;
};

}  // namespace berth
