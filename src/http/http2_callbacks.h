// What nghttp2 calls, led to the members of Http2Session.
#pragma once

#include <cstddef>

struct nghttp2_session;

namespace berth::http {

class Http2Session;

/// A server's session that calls `session`'s members; header lists of `head_limit` bytes fit. The caller deletes it.
/// Throws std::bad_alloc.
nghttp2_session* make_nghttp2_session(Http2Session& session, std::size_t head_limit);

}  // namespace berth::http
