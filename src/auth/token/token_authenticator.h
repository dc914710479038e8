// TokenAuthenticator: tokens that another service signed, as Distribution's auth.token.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "async/run_blocking.h"
#include "auth/authenticator.h"
#include "auth/credential_cache.h"
#include "auth/token/token_verifier.h"
#include "auth/token/trusted_keys.h"
#include "base/clock.h"
#include "observe/log.h"

namespace berth {

struct TokenAuthenticatorOptions {
  std::string bundle_file;  ///< rootcertbundle; may be empty
  std::string jwks_file;    ///< jwks; may be empty
  TokenExpectations expected;
};

/// Threading: any loop. A signature is checked on the loop: it takes 30 to 150 us, once a minute for each token.
class TokenAuthenticator final : public Authenticator {
 public:
  /// Reads the files. Throws Failure(internal) with one line about what is wrong with them.
  TokenAuthenticator(TokenAuthenticatorOptions options, CredentialCache& cache, const Clock& clock, Log& log);

  Task<Authentication> authenticate(Credentials credentials) override;

  /// Reads the files again. If that fails, the keys stay as they were, with a line in the log. Blocks.
  void look_again_blocking();

 private:
  std::shared_ptr<const TrustedKeys> read_blocking() const;
  std::shared_ptr<const TrustedKeys> keys() const;

  // Fixed after construction.
  const TokenAuthenticatorOptions options_;
  CredentialCache& cache_;
  const Clock& clock_;
  Log& log_;

  mutable std::mutex mutex_;
  std::shared_ptr<const TrustedKeys> keys_;  // guarded by mutex_
};

}  // namespace berth
