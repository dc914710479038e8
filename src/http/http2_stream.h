// Http2Stream: one request and its answer.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "http/http2_answer.h"
#include "http/http2_body.h"
#include "http/progress_meter.h"
#include "http/request.h"
#include "http/server.h"

namespace berth::http {

class Http2Session;

/// Threading: the connection's loop.
/// Lifetime:  the session's: until nghttp2 has closed the stream, its handler has ended and its line is in the access
///            log; then it is reused.
class Http2Stream final : public Http2BodyWindow {
 public:
  explicit Http2Stream(Http2Session& session) : session_(session) {}

  void begin(std::int32_t id);

  void open_window(std::size_t count) override;
  void say_continue() override;

  std::int32_t id = 0;
  std::size_t index = 0;         ///< in the session's list
  bool is_closed = false;        ///< for nghttp2; the session has no more to do with it
  bool has_handler = false;      ///< which runs
  bool is_request_over = false;  ///< the client has ended its side
  bool is_answer_over = false;   ///< our END_STREAM has been gathered
  bool is_broken_by_us = false;  ///< it ended early, through no fault of the client's

  // Of a request that a handler answers.
  Request request;
  bool is_for_server = false;
  std::optional<Http2Body> body;

  // The answer.
  Http2Answer answer;
  LoopTime sent_at;  ///< when something of it went out last
  std::uint64_t sent_when_checked = 0;
  std::optional<ProgressMeter> send_progress;

  // For the access log.
  AccessRecord record;
  std::chrono::steady_clock::time_point started;

 private:
  Http2Session& session_;
};

}  // namespace berth::http
