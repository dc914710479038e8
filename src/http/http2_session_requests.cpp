// Of Http2Session: what comes in.
#include <nghttp2/nghttp2.h>

#include <utility>

#include "http/failure_answer.h"
#include "http/http2_session.h"

namespace berth::http {
namespace {

/// The client opens windows again for what it received; some do so for every few KiB.
constexpr std::size_t kIdleFramesARequest = 8;
/// A list this many times too large is not even answered: it is decoded only to keep HPACK's table, and can be a
/// thousand times as large as what was sent.
constexpr std::size_t kIgnoredHeads = 4;

bool ends_stream(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) != 0;
}

bool is_answer_to_us(const nghttp2_frame& frame) {
  return (frame.hd.flags & NGHTTP2_FLAG_ACK) != 0;
}

bool is_request_head(const nghttp2_frame& frame) {
  return frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST;
}

}  // namespace

void Http2Session::on_begin_headers(const nghttp2_frame& frame) {
  head_.clear();
  head_stream_ = nullptr;
  if (is_sent_away_) return;
  head_since_ = loop_.now();
  if (!is_request_head(frame)) return;  // trailers
  // A client that breaks its streams off may open others at once; their handlers may still run.
  if (handler_count_ >= limits_.http2.stream_count) {
    server_.metrics.http2_streams_refused.add();
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_REFUSED_STREAM);
    spend(FrameKind::reset);
    head_since_.reset();  // nobody waits for it
    return;
  }
  head_stream_ = &open_stream(frame.hd.stream_id);
}

void Http2Session::on_header(std::string_view name, std::string_view value) {
  const bool was_too_large = head_.is_too_large();
  head_.add(name, value);
  if (!was_too_large || is_sent_away_) return;
  if (head_.list_bytes() / kIgnoredHeads > head_limit_) send_away(server_.metrics.http2_floods_head);
}

void Http2Session::on_frame(const nghttp2_frame& frame) {
  switch (frame.hd.type) {
    case NGHTTP2_HEADERS:
      head_since_.reset();
      if (head_stream_ != nullptr) {
        on_request(*head_stream_, ends_stream(frame) ? EndOfStream::yes : EndOfStream::no);
        head_stream_ = nullptr;
      } else if (Http2Stream* stream = find(frame.hd.stream_id); stream != nullptr && ends_stream(frame)) {
        on_request_end(*stream);  // trailers, which are nobody's business
      }
      break;
    case NGHTTP2_DATA:
      if (ends_stream(frame)) {
        if (Http2Stream* stream = find(frame.hd.stream_id)) on_request_end(*stream);
      } else if (frame.hd.length == frame.data.padlen) {
        spend(FrameKind::idle);
      }
      break;
    case NGHTTP2_SETTINGS:
      is_greeted_ = true;
      if (!is_answer_to_us(frame)) spend(FrameKind::settings);
      break;
    case NGHTTP2_PING:
      if (is_answer_to_us(frame) && is_end_announced_ && !is_end_known_) {
        is_end_known_ = true;
        owner_.flush_soon();
      } else {
        spend(FrameKind::ping);
      }
      break;
    case NGHTTP2_WINDOW_UPDATE:
      spend(FrameKind::idle);
      break;
    default:
      break;
  }
}

void Http2Session::on_bad_frame(const nghttp2_frame& frame, int error) {
  if (error == NGHTTP2_ERR_REFUSED_STREAM) {
    server_.metrics.http2_streams_refused.add();
    spend(FrameKind::reset);
    return;
  }
  if (frame.hd.type == NGHTTP2_HEADERS) head_since_.reset();
  if (!is_request_head(frame)) return;
  server_.metrics.bad_requests.add();
  if (head_stream_ == nullptr) return;
  // nghttp2 breaks the stream off. As far as the head is known it goes into the log.
  Http2Stream& stream = *std::exchange(head_stream_, nullptr);
  (void)head_.look(limits_.target_bytes, EndOfStream::yes, view_);
  note_request(stream);
  stream.record.status = 400;
}

void Http2Session::on_request(Http2Stream& stream, EndOfStream end) {
  ++request_count_;
  budget_.allow_idle_frames(kIdleFramesARequest);
  stream.is_request_over = end == EndOfStream::yes;
  const auto refusal = head_.look(limits_.target_bytes, end, view_);
  note_request(stream);
  if (refusal) return refuse(stream, *refusal);
  if (view_.is_simple_read && server_.quick && answer_quickly(stream)) return;
  auto made = make_request(view_);
  if (!made) return refuse(stream, made.error());
  stream.is_for_server = made->is_for_server;
  start_handler(stream, std::move(made->request));
  if (view_.expects_continue) stream.body->expect_continue();
}

void Http2Session::start_handler(Http2Stream& stream, Request request) {
  stream.request = std::move(request);
  stream.request.is_tls = peer_.is_tls;
  stream.request.certificate = peer_.certificate;
  stream.request.peer_address = peer_.address;
  stream.request.request_id = stream.record.request_id;
  stream.body.emplace(stream, loop_, limits_);
  if (stream.is_request_over) stream.body->end();
  stream.request.body = &*stream.body;
  stream.has_handler = true;
  ++handler_count_;
  fresh_.push_back(&stream);
}

void Http2Session::on_data(std::int32_t id, std::span<const std::byte> bytes) {
  Http2Stream* stream = find(id);
  if (stream != nullptr && stream->has_handler) {
    stream->body->put(bytes);
  } else {
    // Nobody reads it. The stream's window stays shut, so that it is not much.
    nghttp2_session_consume_connection(session_, bytes.size());
  }
}

void Http2Session::on_request_end(Http2Stream& stream) {
  stream.is_request_over = true;
  if (stream.body) stream.body->end();
}

void Http2Session::on_stream_close(std::int32_t id, std::uint32_t error_code) {
  Http2Stream* stream = find(id);
  if (stream == nullptr) return;
  if (stream == head_stream_) head_stream_ = nullptr;
  const bool is_answered = stream->is_answer_over || stream->is_broken_by_us;
  if (error_code != NGHTTP2_NO_ERROR && !is_answered) spend(FrameKind::reset);
  stream->is_closed = true;
  if (stream->body) stream->body->break_off();
  stream->answer.stop();
  retire_if_done(*stream);
}

void Http2Session::open_window(Http2Stream& stream, std::size_t count) {
  nghttp2_session_consume_connection(session_, count);
  if (!stream.is_closed) nghttp2_session_consume_stream(session_, stream.id, count);
  owner_.flush_soon();
}

void Http2Session::say_continue(Http2Stream& stream) {
  if (stream.is_closed) return;
  constexpr std::string_view kName = ":status";
  constexpr std::string_view kValue = "100";
  const auto bytes = [](std::string_view text) {
    return const_cast<std::uint8_t*>(reinterpret_cast<const std::uint8_t*>(text.data()));
  };
  const nghttp2_nv status = {bytes(kName), bytes(kValue), kName.size(), kValue.size(), NGHTTP2_NV_FLAG_NONE};
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id, nullptr, &status, 1, nullptr);
  owner_.flush_soon();
}

void Http2Session::spend(FrameKind kind) {
  if (is_sent_away_ || budget_.spend(kind, loop_.now())) return;
  ServerMetrics& metrics = server_.metrics;
  switch (kind) {
    case FrameKind::reset:
      return send_away(metrics.http2_floods_resets);
    case FrameKind::ping:
      return send_away(metrics.http2_floods_pings);
    case FrameKind::settings:
      return send_away(metrics.http2_floods_settings);
    case FrameKind::idle:
      return send_away(metrics.http2_floods_frames);
  }
}

void Http2Session::send_away(Counter& reason) {
  if (std::exchange(is_sent_away_, true)) return;
  reason.add();
  owner_.flush_soon();
}

/// Never inside of a callback: nghttp2 1.52 forgets it there after DATA, goes on reading and ends the process by an
/// assertion when the next frame is malformed (CVE-2026-27135, of whose fix Debian's package lacks this place).
void Http2Session::terminate_if_sent_away() {
  if (!is_sent_away_ || std::exchange(is_terminated_, true)) return;
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
}

}  // namespace berth::http
