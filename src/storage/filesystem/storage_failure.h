// storage_failure: what a failed system call of the filesystem storage throws.
#pragma once

#include <string>

#include "base/failure.h"

namespace berth {

/// Failure(storage), or storage_full for ENOSPC and EDQUOT, or overloaded when file descriptors ran out, which passes.
Failure storage_failure(const std::string& what, int error_number);

}  // namespace berth
