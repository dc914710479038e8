// Authenticator: tells who is behind credentials. Implementations stand one level down (htpasswd/, token/) or work on
// the account store.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "async/task.h"
#include "auth/identity.h"
#include "base/clock.h"

namespace berth {

struct BasicCredentials {
  std::string user;
  std::string password;  ///< of a user, a robot's secret, or a personal access token
};

struct BearerCredentials {
  std::string token;
};

/// A user whom a verified client certificate names.
struct CertificateCredentials {
  std::string name;
};

/// Of a scheme that nobody knows; there for `silly`, which takes everything.
struct OtherCredentials {};

struct Credentials {
  std::variant<BasicCredentials, BearerCredentials, CertificateCredentials, OtherCredentials> what;
  /// "10.0.0.1:4711", "[::1]:4711" or "unix": for lock-outs and the log.
  std::string peer_address = {};
};

struct Authentication {
  enum class Outcome {
    accepted,
    unknown,  ///< none of mine: another authenticator may know them
    refused,  ///< mine, and wrong: the password does not match, the token is out of date
    blocked,  ///< not even looked at: too many failures before
  };
  Outcome outcome = Outcome::unknown;
  /// If accepted.
  std::shared_ptr<const Identity> identity = {};
  /// If accepted: what is remembered of it is forgotten then.
  WallTime good_until = WallTime::max();
  /// If refused or blocked: which check failed. Never holds a secret.
  std::string reason = {};
  /// If refused: false when the secret was right and something else was not (expired, disabled): no guess to be
  /// counted.
  bool was_guess = true;
  /// If refused: whoever sent a token may be told the reason, too.
  bool is_about_token = false;
  /// If refused or blocked: who the caller said he was, for the log. Filled in by AccessControl.
  std::string claimed_name = {};
  /// If blocked.
  std::chrono::seconds retry_after{0};

  static Authentication accept(std::shared_ptr<const Identity> who, WallTime good_until = WallTime::max()) {
    return {.outcome = Outcome::accepted, .identity = std::move(who), .good_until = good_until};
  }
  static Authentication not_mine() { return {}; }
  static Authentication refuse(std::string reason) {
    return {.outcome = Outcome::refused, .reason = std::move(reason)};
  }
  static Authentication block(std::string reason, std::chrono::seconds retry_after) {
    return {.outcome = Outcome::blocked, .reason = std::move(reason), .retry_after = retry_after};
  }
};

/// Threading: any loop.
/// Failures:  throws Failure(overloaded) when the pool that computes passwords is full, Failure(metadata).
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  /// An implementation that keeps passwords spends as much on a name it does not know as on a wrong password: nobody
  /// learns from the time which users there are. It is asked also when another one has refused the same credentials.
  virtual Task<Authentication> authenticate(Credentials credentials) = 0;
};

/// A user as he is known without his password: for refresh tokens and certificates.
struct KnownUser {
  std::shared_ptr<const Identity> identity;
  /// Changes whenever his password does, and says nothing of it: what was given out on an older stamp is void.
  std::string stamp;
  /// He may not log in at all.
  bool is_disabled = false;
};

/// Threading, failures: as Authenticator.
class UserDirectory {
 public:
  virtual ~UserDirectory() = default;

  /// Nothing if there is no such user or robot.
  virtual Task<std::optional<KnownUser>> find_user(std::string name) = 0;
};

}  // namespace berth
