// LockFile: one process writes a registry's metadata (data.md 1). The lock is the kernel's (flock), so a crash frees
// it.
#pragma once

#include <string>

#include "base/failure.h"
#include "base/unique_fd.h"

namespace berth {

/// Another process has the lock.
class LockHeld final : public Failure {
 public:
  explicit LockHeld(const std::string& what) : Failure(FailureKind::internal, what) {}
};

/// Held while it lives. The file stays behind: removing it would let two processes lock two files of one name.
class LockFile {
 public:
  /// Takes the lock of `path`, making the file if there is none. Throws LockHeld with one line that names the holder if
  /// another process has it.
  explicit LockFile(const std::string& path);

 private:
  UniqueFd file_;
};

}  // namespace berth
