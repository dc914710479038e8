#include "auth/access_control.h"

#include <fmt/format.h>

#include <chrono>
#include <utility>

#include "auth/authorization_field.h"
#include "net/ip_address.h"

namespace berth {
namespace {

// As long as the slowest password takes when everybody logs in at once; then 503.
constexpr std::chrono::milliseconds kCheckWait{30'000};

/// Without its port; a customer's network for IPv6.
std::string lockout_address(const std::string& peer_address) {
  const std::optional<IpAddress> address = IpAddress::parse_endpoint(peer_address);
  return address ? std::string(address->customer().key()) : peer_address;
}

}  // namespace

AccessControl::AccessControl(std::vector<Authenticator*> authenticators, CredentialCache& cache,
                             std::shared_ptr<const AccessPolicy> policy, Lockout* lockout)
    : authenticators_(std::move(authenticators)), cache_(cache), lockout_(lockout), policy_(std::move(policy)) {}

std::shared_ptr<const AccessPolicy> AccessControl::policy() const {
  const std::lock_guard lock(mutex_);
  return policy_;
}

void AccessControl::set_policy(std::shared_ptr<const AccessPolicy> policy) {
  const std::lock_guard lock(mutex_);
  policy_.swap(policy);  // the old one ends after the lock, or with the last request that asked for it
}

Task<Authentication> AccessControl::check_field(std::string field, std::string peer_address) {
  auto parsed = parse_authorization(field);
  if (!parsed) co_return Authentication::refuse(std::move(parsed.error()));
  if (!*parsed) co_return Authentication::accept(nullptr);
  Credentials credentials{.what = std::move(**parsed), .peer_address = std::move(peer_address)};
  Authentication found = co_await check_once(cache_.key_of_field(field), std::move(credentials));
  co_return found;
}

Task<Authentication> AccessControl::check_certificate(std::string name, std::string peer_address) {
  const CredentialCache::Key key = cache_.key_of_certificate(name);
  Credentials credentials{.what = CertificateCredentials{.name = std::move(name)},
                          .peer_address = std::move(peer_address)};
  Authentication found = co_await check_once(key, std::move(credentials));
  co_return found;
}

// A client opens six connections and sends the same password on each: it is computed once.
Task<Authentication> AccessControl::check_once(CredentialCache::Key key, Credentials credentials) {
  const KeyLock::Guard guard = co_await checks_.acquire(fmt::format("{:016x}{:016x}", key[0], key[1]), kCheckWait);
  if (std::optional<Authentication> blocked = wait_of(credentials)) co_return *std::move(blocked);
  if (std::shared_ptr<const Identity> known = cache_.find(key)) co_return Authentication::accept(std::move(known));
  const std::uint64_t stamp = cache_.stamp();
  Authentication found = co_await check(std::move(credentials));
  if (found.outcome == Authentication::Outcome::accepted && found.identity) {
    cache_.keep(key, found.identity, found.good_until, stamp);
  }
  co_return found;
}

// Only passwords are guessed: a token is too long for it, and one that is out of date is asked with by every client.
std::optional<Authentication> AccessControl::wait_of(const Credentials& credentials) const {
  const auto* basic = std::get_if<BasicCredentials>(&credentials.what);
  if (lockout_ == nullptr || basic == nullptr) return std::nullopt;
  const auto wait = lockout_->wait_of(basic->user, lockout_address(credentials.peer_address));
  if (!wait) return std::nullopt;
  Authentication blocked = Authentication::block("too many failed logins before", *wait);
  blocked.claimed_name = basic->user;
  return blocked;
}

void AccessControl::count(const Authentication& outcome, const Credentials& credentials) const {
  const auto* basic = std::get_if<BasicCredentials>(&credentials.what);
  if (lockout_ == nullptr || basic == nullptr) return;
  const std::string address = lockout_address(credentials.peer_address);
  if (outcome.outcome == Authentication::Outcome::accepted) lockout_->succeeded(basic->user, address);
  if (outcome.outcome == Authentication::Outcome::refused && outcome.was_guess) lockout_->failed(basic->user, address);
}

Task<Authentication> AccessControl::check(Credentials credentials) {
  if (std::optional<Authentication> blocked = wait_of(credentials)) co_return *std::move(blocked);
  Authentication outcome = co_await ask_all(credentials);
  if (outcome.outcome == Authentication::Outcome::unknown) {
    outcome = Authentication::refuse("nobody here knows these credentials");
  }
  outcome.is_about_token = std::holds_alternative<BearerCredentials>(credentials.what);
  if (const auto* basic = std::get_if<BasicCredentials>(&credentials.what)) outcome.claimed_name = basic->user;
  count(outcome, credentials);
  co_return outcome;
}

// The first that accepts. All are asked before a refusal, so that a name that one knows and a name that none knows take
// the same time; the reason given is that of one who knew the credentials.
Task<Authentication> AccessControl::ask_all(const Credentials& credentials) {
  Authentication outcome = Authentication::not_mine();
  for (Authenticator* authenticator : authenticators_) {
    Authentication found = co_await authenticator->authenticate(credentials);
    if (found.outcome == Authentication::Outcome::accepted || found.outcome == Authentication::Outcome::blocked) {
      co_return found;
    }
    if (outcome.outcome == Authentication::Outcome::unknown) outcome = std::move(found);
  }
  co_return outcome;
}

}  // namespace berth
