// Refusals and failures as OCI error answers (distribution-spec, Error Codes).
#pragma once

#include <exception>
#include <string>

#include "base/failure.h"
#include "base/result.h"
#include "http/response.h"

namespace berth {

/// `{"errors":[{"code":...,"message":...,"detail":...}]}` with the status of the error; one entry for each subject of a
/// refusal that is about several.
http::Response error_response(const Error& error);

/// 503, for a health check that fails.
http::Response unhealthy_response();

/// What the client is told of a failure: never more than its kind. Logging is the caller's.
http::Response failure_response(const std::exception_ptr& failure);

}  // namespace berth
