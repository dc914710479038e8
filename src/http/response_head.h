// The bytes before an answer's body: status line and fields (RFC 9112, 4 and 6). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "http/quick_answer.h"
#include "http/response.h"

namespace berth::http {

/// How the connection carries an answer: decided by http1_connection, written by append_response_head.
struct Framing {
  std::optional<std::uint64_t> content_length = {};
  bool is_chunked = false;
  bool is_last = false;           ///< "Connection: close"
  bool names_keep_alive = false;  ///< HTTP/1.0 clients that asked for it must be told
  std::string_view date = {};     ///< "Tue, 15 Nov 1994 08:12:31 GMT"
  std::string_view request_id = {};
};

/// "Not Found"; empty for a status without a name, which is valid.
std::string_view reason_phrase(unsigned status);

/// False for 1xx, 204 and 304: they have neither a body nor Content-Length nor Transfer-Encoding.
bool may_have_body(unsigned status);

/// The connection sets these itself; a handler's own are left out: Connection, Content-Length, Transfer-Encoding, Date,
/// X-Request-Id.
bool is_field_of_connection(std::string_view name);

/// False if the status is not 200..599, a name is not a token or a value holds a control character.
bool is_valid_head(const Response& response);

/// Appends status line, the answer's fields and ours. The handler's own Connection, Content-Length, Transfer-Encoding,
/// Date and X-Request-Id are left out: those are the connection's business.
/// False, with `out` as it was, if the status is not 200..599, a name is not a token or a value holds a control
/// character: such an answer could be split in two by whoever chose the value.
bool append_response_head(std::string& out, const Response& response, const Framing& framing);

/// The answer as it can be sent any number of times: to GET, and to HEAD without its body. Nothing if its head is not
/// valid or has over kPreparedHeadLimit bytes, or its body is more than one piece at rest.
inline constexpr std::size_t kPreparedHeadLimit = 16 * 1024;
std::optional<PreparedAnswer> prepare_answer(const Response& response);

}  // namespace berth::http
