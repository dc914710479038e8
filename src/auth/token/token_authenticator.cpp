#include "auth/token/token_authenticator.h"

#include <cerrno>
#include <fstream>
#include <iterator>
#include <utility>

#include "auth/token/token_identity.h"
#include "base/failure.h"

namespace berth {
namespace {

std::string read_file_blocking(const std::string& path) {
  if (path.empty()) return {};
  std::ifstream file(path, std::ios::binary);
  if (!file) throw failure_from_errno(FailureKind::internal, "cannot read " + path, errno);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (file.bad() || text.empty()) throw Failure(FailureKind::internal, path + " cannot be read, or is empty");
  return text;
}

WallTime end_of(const TokenClaims& claims, std::chrono::seconds leeway) {
  // Beyond this a double of seconds and a count of microseconds are no times any more.
  constexpr double kFarAway = 100'000'000'000.0;
  if (!claims.expires || *claims.expires > kFarAway) return WallTime::max();
  return WallTime(std::chrono::seconds(static_cast<std::int64_t>(*claims.expires))) + leeway;
}

}  // namespace

TokenAuthenticator::TokenAuthenticator(TokenAuthenticatorOptions options, CredentialCache& cache, const Clock& clock,
                                       Log& log)
    : options_(std::move(options)), cache_(cache), clock_(clock), log_(log), keys_(read_blocking()) {}

std::shared_ptr<const TrustedKeys> TokenAuthenticator::read_blocking() const {
  return TrustedKeys::load({.bundle_text = read_file_blocking(options_.bundle_file),
                            .bundle_name = options_.bundle_file,
                            .jwks_text = read_file_blocking(options_.jwks_file),
                            .jwks_name = options_.jwks_file});
}

Task<Authentication> TokenAuthenticator::authenticate(Credentials credentials) {
  const auto* bearer = std::get_if<BearerCredentials>(&credentials.what);
  if (bearer == nullptr) co_return Authentication::not_mine();
  const auto token = Jwt::parse(bearer->token);
  if (!token) co_return Authentication::refuse(token.error());
  const std::shared_ptr<const TrustedKeys> keys = this->keys();
  const auto claims = verify_token(*token, *keys, options_.expected, clock_.now());
  if (!claims) co_return Authentication::refuse(claims.error());
  co_return Authentication::accept(identity_of(*claims, TokenOrigin::foreign),
                                   end_of(*claims, options_.expected.leeway));
}

void TokenAuthenticator::look_again_blocking() {
  std::shared_ptr<const TrustedKeys> fresh;
  try {
    fresh = read_blocking();
  } catch (const Failure& failure) {
    log_.error("the keys of the token service cannot be read, they stay as they were", {{"error", failure.what()}});
    return;
  }
  log_.info("the keys of the token service were read again", {{"keys", fresh->size()}});
  {
    const std::lock_guard lock(mutex_);
    keys_ = std::move(fresh);
  }
  cache_.forget_all();
}

std::shared_ptr<const TrustedKeys> TokenAuthenticator::keys() const {
  const std::lock_guard lock(mutex_);
  return keys_;
}

}  // namespace berth
