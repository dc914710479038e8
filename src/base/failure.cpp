#include "base/failure.h"

#include <cerrno>
#include <system_error>

namespace berth {

Failure failure_from_errno(FailureKind kind, const std::string& what, int error_number) {
  const bool full = error_number == ENOSPC || error_number == EDQUOT;
  return Failure(full ? FailureKind::storage_full : kind, what + ": " + std::generic_category().message(error_number));
}

}  // namespace berth
