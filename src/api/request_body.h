// request_body: small bodies, whole in memory and paid for from the budget.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/request.h"
#include "registry/buffer_budget.h"

namespace berth {

struct RequestBody {
  std::vector<BufferBudget::Share> shares = {};  ///< to be held while the bytes are
  std::string bytes = {};
};

/// manifest_too_large above `limit_bytes`, from the announced length before anything is read, else as soon as more
/// comes. Throws Failure(overloaded) if the budget has no room, and what reading throws.
Task<Result<RequestBody>> read_manifest_body(http::Request& request, std::uint64_t limit_bytes, BufferBudget& budget);

}  // namespace berth
