// CertificateAuthenticator: users whom verified client certificates name.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "auth/authenticator.h"

namespace berth {

/// The client CA vouches for the name, so it need not be known. If it is, its groups count, and whoever is disabled
/// stays out.
///
/// Threading: any loop. Lifetime: the directories outlive it.
class CertificateAuthenticator final : public Authenticator {
 public:
  explicit CertificateAuthenticator(std::vector<UserDirectory*> users) : users_(std::move(users)) {}

  Task<Authentication> authenticate(Credentials credentials) override;

 private:
  const std::vector<UserDirectory*> users_;
};

}  // namespace berth
