// The header fields that content has in common.
#pragma once

#include <string>
#include <string_view>

#include "content/digest.h"
#include "http/response.h"

namespace berth {

/// What a digest names never changes: a year, as Distribution says, and no need to ask again before.
inline constexpr std::string_view kImmutable = "max-age=31536000, immutable";

inline constexpr std::string_view kDigestField = "Docker-Content-Digest";

/// 304 with the fields that the 200 would have had (RFC 9110, 15.4.5). `cache` may be empty.
http::Response not_modified(const Digest& digest, std::string_view cache);

/// 201 with Location and the digest in the client's algorithm.
http::Response created(std::string location, const Digest& digest);

}  // namespace berth
