// Client text inside error messages and logs: short and harmless.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace berth {

/// `text` with everything but printable ASCII replaced by "?", cut to `limit_bytes` and then ending in "...".
std::string printable(std::string_view text, std::size_t limit_bytes = 100);

}  // namespace berth
