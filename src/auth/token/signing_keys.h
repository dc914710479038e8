// SigningKeys: the private keys of Berth's own token service: made at the first start, changed from time to time.
#pragma once

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "auth/token/public_key.h"
#include "auth/token/trusted_keys.h"
#include "base/clock.h"

namespace berth {

struct SigningKey {
  WallTime created;
  std::string id;  ///< RFC 7638
  PublicKey key;   ///< with its private half
};

struct KeyRotation {
  std::chrono::seconds interval{30 * 24 * 3600};  ///< a key signs for this long
  /// A new key is published for this long before it signs, so that others have read it by then.
  std::chrono::seconds lead{24 * 3600};
  /// Something that a key signed holds for at most this long after.
  std::chrono::seconds longest_lifetime{30 * 24 * 3600};
};

/// What is to be done about keys of these ages, oldest first. Pure.
struct KeyPlan {
  std::size_t retired = 0;  ///< as many of the oldest go
  bool needs_new = false;
  std::size_t signer = 0;  ///< index of the one that signs, among those that stay
};
KeyPlan plan_keys(const std::vector<WallTime>& created, const KeyRotation& rotation, WallTime now);

/// Threading: any thread. Crash: the file is whole, old or new.
class SigningKeys {
 public:
  /// Reads `file`, or makes it (mode 0600) with a first key. An empty `file` keeps keys in memory: tokens end with the
  /// process then. Throws Failure(internal) if it cannot be read, or written.
  SigningKeys(std::string file, KeyRotation rotation, const Clock& clock);

  /// Brings the keys up to date: a job calls it now and then. Blocks. True if something changed.
  bool rotate_blocking();

  std::shared_ptr<const SigningKey> signer() const;
  /// For checking what any of them signed; their ids as names.
  std::shared_ptr<const TrustedKeys> trusted() const;
  std::string key_set() const;

 private:
  struct Keys {
    Keys() = default;
    explicit Keys(std::vector<std::shared_ptr<const SigningKey>> keys) : all(std::move(keys)) {}
    std::vector<std::shared_ptr<const SigningKey>> all;  // oldest first
    std::size_t signer = 0;
    std::shared_ptr<const TrustedKeys> trusted;
    std::string key_set;
  };

  std::vector<std::shared_ptr<const SigningKey>> read_blocking() const;
  void write_blocking(const std::vector<std::shared_ptr<const SigningKey>>& keys) const;
  std::shared_ptr<const Keys> keys() const;

  // Fixed after construction.
  const std::string file_;
  const KeyRotation rotation_;
  const Clock& clock_;

  std::mutex rotating_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Keys> keys_;  // guarded by mutex_
};

}  // namespace berth
