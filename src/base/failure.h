// Failure: the world is broken (disk dead, database gone). Thrown where it is noticed, caught once: the request guard
// answers 500/503/507, a job runner retries, main turns it into one line and an exit code.
#pragma once

#include <stdexcept>
#include <string>

namespace berth {

enum class FailureKind {
  storage,       ///< an I/O error of the blob store
  storage_full,  ///< ENOSPC, EDQUOT: pushes are refused with 507, reads go on
  metadata,      ///< the metadata store cannot answer or commit
  overloaded,    ///< a bounded queue is full: 503 with Retry-After
  interrupted,   ///< the client went away or was too slow while its body was read; nobody is left to answer
  body_too_large,///< the request's body passed the limit that the reader was given: 413
  body_malformed,///< the request's body breaks HTTP's framing: 400
  shutting_down, ///< the server drains
  internal,      ///< a rule of ours was broken
};

class Failure : public std::runtime_error {
 public:
  Failure(FailureKind kind, const std::string& what) : std::runtime_error(what), kind_(kind) {}
  FailureKind kind() const { return kind_; }

 private:
  FailureKind kind_;
};

/// A Failure of `kind` (storage_full instead if `error_number` is ENOSPC or EDQUOT) whose text ends with strerror.
Failure failure_from_errno(FailureKind kind, const std::string& what, int error_number);

}  // namespace berth
