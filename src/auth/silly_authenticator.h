// SillyAuthenticator: takes everything, as Distribution's auth.silly. For development.
#pragma once

#include <memory>

#include "auth/authenticator.h"

namespace berth {

class SillyAuthenticator final : public Authenticator {
 public:
  Task<Authentication> authenticate(Credentials) override {
    co_return Authentication::accept(std::make_shared<const Identity>(
        Identity{.kind = IdentityKind::user, .name = "silly", .proof = Proof::password}));
  }
};

}  // namespace berth
