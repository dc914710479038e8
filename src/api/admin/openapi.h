// The admin API described for machines (OpenAPI 3.1). A test holds it to the table of routes.
#pragma once

#include <string_view>

namespace berth::admin {

/// JSON. Paths are below /api/v1.
std::string_view openapi_document();

}  // namespace berth::admin
