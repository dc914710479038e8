// The answers of the probes: alive at all, and fit for work.
#pragma once

#include "http/response.h"
#include "observe/health.h"

namespace berth {

/// 200: the process answers.
http::Response live_response();

/// 200 `{}`, or 503 with what is wrong: `{"storagedriver_filesystem":"..."}`.
http::Response health_response(const Health& health);

}  // namespace berth
