// HtpasswdAuthenticator: users of a file, as Distribution's auth.htpasswd.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <tuple>

#include "async/run_blocking.h"
#include "auth/authenticator.h"
#include "auth/credential_cache.h"
#include "auth/htpasswd/htpasswd_file.h"
#include "base/entropy.h"
#include "observe/log.h"
#include "observe/metrics.h"

namespace berth {

/// Reads the file again when it has changed: look_again() notices within the interval that its owner calls it in, and
/// each password that is computed notices at once.
///
/// Threading: any loop; files are read and passwords computed on the pool.
class HtpasswdAuthenticator final : public Authenticator, public UserDirectory {
 public:
  /// Reads the file, or makes one with the user "docker" and a password that is in the log once, as Distribution does.
  /// Throws Failure(internal) if it can neither be read nor made.
  HtpasswdAuthenticator(std::string path, BlockingPool& passwords, CredentialCache& cache, Entropy& entropy, Log& log,
                        Metrics& metrics);

  /// One bcrypt for each password, whether there is such a user or not.
  Task<Authentication> authenticate(Credentials credentials) override;
  Task<std::optional<KnownUser>> find_user(std::string name) override;

  /// Takes in what has changed. A file that is gone or cannot be read changes nothing: it may be on its way.
  Task<> look_again();

 private:
  /// Inode, size, time of change (of content, owner or mode).
  using Stamp = std::tuple<ino_t, off_t, std::int64_t, std::int64_t>;
  struct Users {
    HtpasswdFile file;
    std::string nobody;  ///< a hash of the highest cost that no password has
  };

  void make_file_blocking(Entropy& entropy) const;
  void read_blocking();
  void look_again_blocking();
  bool check_blocking(const BasicCredentials& credentials, bool& is_known);
  std::shared_ptr<const Users> users() const;

  // Fixed after construction.
  const std::string path_;
  BlockingPool& passwords_;
  CredentialCache& cache_;
  Log& log_;
  Counter& checks_;

  std::mutex reading_;  // one reader at a time
  // Guarded by reading_.
  Stamp stamp_{};
  bool is_settled_ = false;  ///< no later write can have the same stamp
  bool is_missing_ = false;

  mutable std::mutex mutex_;
  std::shared_ptr<const Users> users_;  // guarded by mutex_
};

}  // namespace berth
