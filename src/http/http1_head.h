// The head of an HTTP/1 request: found, parsed (by Beast) and held to the rules that keep two parsers in a row from
// reading it in two ways (RFC 9112, 11.2: request smuggling). Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "http/quick_answer.h"
#include "http/request.h"

namespace berth::http {

/// Looks for the end of a head in bytes that arrive over time, and looks at each byte once.
class HeadFinder {
 public:
  enum class State {
    incomplete,
    complete,   ///< size() bytes are the head, with its empty line
    malformed,  ///< a bare LF, or a folded line (obs-fold), which are refused
  };
  /// `text` is the same bytes as before, and what came since.
  State look(std::string_view text);
  std::size_t size() const { return line_start_; }
  /// The request line has not ended yet.
  bool is_in_first_line() const { return line_start_ == 0; }

 private:
  std::size_t line_start_ = 0;
  std::size_t searched_ = 0;
};

enum class BodyFraming { none, fixed, chunked };

/// What a head says, where it lies: views into the bytes it was parsed from. Reused from one request to the next, so
/// that parsing allocates nothing.
struct HeadView {
  Method method = Method::get;
  std::string_view method_text;
  std::string_view target;
  std::string_view host;  ///< of the Host field; empty if there is none (HTTP/1.0)
  unsigned http_minor = 1;
  std::vector<FieldView> fields;
  BodyFraming framing = BodyFraming::none;
  std::uint64_t body_length = 0;  ///< if fixed
  bool is_keep_alive = true;      ///< as far as the client is concerned
  bool is_keep_alive_named = false;
  bool expects_continue = false;
  /// A plain GET or HEAD: no body, range, condition, upgrade or expectation, HTTP/1.1, and the connection goes on.
  bool is_simple_read = false;
};

struct RequestHead {
  Request request;  ///< without peer, id and body
  BodyFraming framing = BodyFraming::none;
  std::uint64_t body_length = 0;
  bool is_keep_alive = true;
  bool is_keep_alive_named = false;
  bool expects_continue = false;
  bool is_for_server = false;  ///< "OPTIONS *"
};

/// The answer to a head that no handler should see.
struct HeadRefusal {
  unsigned status = 400;
  std::string_view reason;
  std::string method = {};  ///< for the access log, as far as known
  std::string target = {};
};

/// `head` is a whole head as HeadFinder found it, and outlives the view. A target over `target_limit` bytes is refused
/// with 414.
std::optional<HeadRefusal> parse_head(std::string_view head, std::size_t target_limit, HeadView& view);

/// Copies what a handler needs and decodes the target, once.
std::expected<RequestHead, HeadRefusal> make_request(const HeadView& view);

}  // namespace berth::http
