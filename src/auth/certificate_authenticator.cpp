#include "auth/certificate_authenticator.h"

#include <optional>

namespace berth {

Task<Authentication> CertificateAuthenticator::authenticate(Credentials credentials) {
  const auto* certificate = std::get_if<CertificateCredentials>(&credentials.what);
  if (certificate == nullptr) co_return Authentication::not_mine();
  Identity who{.kind = IdentityKind::user, .name = certificate->name, .proof = Proof::certificate};
  for (UserDirectory* directory : users_) {
    const std::optional<KnownUser> user = co_await directory->find_user(certificate->name);
    if (!user) continue;
    if (user->is_disabled) co_return Authentication::refuse("the user whom the certificate names is disabled");
    // With all that is known of him; for a robot that is also what it is good for at most.
    who = *user->identity;
    who.proof = Proof::certificate;
    who.can_refresh = false;
    break;
  }
  co_return Authentication::accept(std::make_shared<const Identity>(std::move(who)));
}

}  // namespace berth
