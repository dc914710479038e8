#include "storage/filesystem/storage_failure.h"

#include <cerrno>

namespace berth {

Failure storage_failure(const std::string& what, int error_number) {
  const bool is_passing = error_number == EMFILE || error_number == ENFILE;
  return failure_from_errno(is_passing ? FailureKind::overloaded : FailureKind::storage, what, error_number);
}

}  // namespace berth
