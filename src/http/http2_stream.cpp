#include "http/http2_stream.h"

#include "http/http2_session.h"

namespace berth::http {

void Http2Stream::begin(std::int32_t new_id) {
  id = new_id;
  is_closed = has_handler = is_request_over = is_answer_over = is_broken_by_us = false;
  is_for_server = false;
  body.reset();
  answer.clear();
  sent_when_checked = 0;
  send_progress.reset();
  record.request_id.clear();
  record.http_major = 2;
  record.http_minor = 0;
  record.status = 0;
  record.body_bytes = 0;
  record.request_body_bytes = 0;
  record.is_complete = false;
  record.user.clear();
  record.referer.clear();
  record.user_agent.clear();
  started = std::chrono::steady_clock::now();
}

void Http2Stream::open_window(std::size_t count) {
  session_.open_window(*this, count);
}

void Http2Stream::say_continue() {
  session_.say_continue(*this);
}

}  // namespace berth::http
