// AccessControl: the front of this folder: who is behind these credentials, and which rules hold now.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/key_lock.h"
#include "auth/access_policy.h"
#include "auth/authenticator.h"
#include "auth/credential_cache.h"
#include "auth/lockout.h"

namespace berth {

/// Threading: any loop. Lifetime: outlives the requests; the authenticators outlive it.
class AccessControl {
 public:
  /// Without authenticators everybody may do everything, and nobody is asked who he is. Null for `lockout`: nobody ever
  /// waits, however often he fails.
  AccessControl(std::vector<Authenticator*> authenticators, CredentialCache& cache,
                std::shared_ptr<const AccessPolicy> policy, Lockout* lockout = nullptr);

  bool is_on() const { return !authenticators_.empty(); }

  /// The rules that hold now. A request asks once and keeps what it got.
  std::shared_ptr<const AccessPolicy> policy() const;
  /// New rules hold for every request that begins after this returned.
  void set_policy(std::shared_ptr<const AccessPolicy> policy);

  /// Who sent an Authorization field of this value a moment ago; null: it has to be checked. Allocates nothing.
  std::shared_ptr<const Identity> known_by_field(std::string_view field) {
    // Whoever guesses passwords from an address that has to wait must not learn from what is remembered that he has
    // one.
    if (lockout_ != nullptr && !is_bearer(field) && lockout_->somebody_waits()) return nullptr;
    return cache_.find(cache_.key_of_field(field));
  }
  std::shared_ptr<const Identity> known_by_certificate(std::string_view name) {
    return cache_.find(cache_.key_of_certificate(name));
  }

  /// Checks an Authorization field. Accepted without an identity: nobody in particular. Failures: as Authenticator.
  Task<Authentication> check_field(std::string field, std::string peer_address);
  /// The same for the name in a verified client certificate.
  Task<Authentication> check_certificate(std::string name, std::string peer_address);
  /// The same for a password that came another way; nothing is remembered.
  Task<Authentication> check(Credentials credentials);

 private:
  Task<Authentication> check_once(CredentialCache::Key key, Credentials credentials);
  Task<Authentication> ask_all(const Credentials& credentials);
  std::optional<Authentication> wait_of(const Credentials& credentials) const;
  void count(const Authentication& outcome, const Credentials& credentials) const;
  static bool is_bearer(std::string_view field) { return field.starts_with('B') && field.substr(1, 1) == "e"; }

  // Fixed after construction.
  const std::vector<Authenticator*> authenticators_;
  CredentialCache& cache_;
  Lockout* const lockout_;
  KeyLock checks_;

  mutable std::mutex mutex_;
  std::shared_ptr<const AccessPolicy> policy_;  // guarded by mutex_
};

}  // namespace berth
