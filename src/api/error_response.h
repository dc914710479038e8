// Refusals and failures as OCI error answers (distribution-spec, Error Codes).
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "base/failure.h"
#include "base/result.h"
#include "http/response.h"

namespace berth {

/// `{"errors":[{"code":...,"message":...,"detail":...}]}` with the status of the error; one entry for each subject of a
/// refusal that is about several.
http::Response error_response(const Error& error);

/// What a request would need a token for.
struct WantedAccess {
  std::string type;  ///< "repository", "registry"
  std::string name;
  std::string action;
};
/// 401 without its challenge. `why` may be empty.
http::Response unauthorized_response(const std::string& why, const std::vector<WantedAccess>& wanted);

/// 403. Docker's engine takes a DENIED without detail for something that passes, and tries a push five times in a
/// minute.
http::Response denied_response(const std::vector<WantedAccess>& wanted);

/// 503, for a health check that fails.
http::Response unhealthy_response();

/// What the client is told of a failure: never more than its kind. Logging is the caller's.
http::Response failure_response(const std::exception_ptr& failure);

}  // namespace berth
