// Of Http2Session: what goes out.
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <cstring>
#include <utility>

#include "http/failure_answer.h"
#include "http/http2_session.h"
#include "http/response_head.h"

namespace berth::http {
namespace {

constexpr std::size_t kFrameHeadBytes = 9;
/// WINDOW_UPDATE of stream and connection: Go's client sends both for every 4 KiB that it has read.
constexpr std::size_t kIdleFramesAFrame = 16;

/// nghttp2 asks how much of the body goes into the next DATA; send_data() fetches it.
ssize_t next_data(nghttp2_session*, std::int32_t, std::uint8_t*, std::size_t limit, std::uint32_t* flags,
                  nghttp2_data_source* source, void*) {
  const auto& answer = static_cast<Http2Stream*>(source->ptr)->answer;
  const std::size_t count = answer.at_hand(std::min(limit, Http2Output::kLargestFrame - kFrameHeadBytes));
  const bool is_last = answer.ends_after(count);
  if (count == 0 && !is_last) return NGHTTP2_ERR_DEFERRED;
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (is_last) *flags |= NGHTTP2_DATA_FLAG_EOF;
  return static_cast<ssize_t>(count);
}

std::uint64_t size_of(const BodyPieces& pieces) {
  std::uint64_t size = 0;
  for (const ByteSource& piece : pieces) size += piece.size();
  return size;
}

}  // namespace

void Http2Session::note_request(Http2Stream& stream) {
  AccessRecord& line = stream.record;
  line.request_id = loop_.new_request_id();
  line.method = view_.method_text;
  line.target = view_.target;
  if (!server_.access) return;
  line.peer_address = peer_.address;
  line.host = view_.host;
  for (const auto& [name, value] : view_.fields) {
    if (name == "referer") line.referer = value;
    if (name == "user-agent") line.user_agent = value;
  }
}

bool Http2Session::answer_quickly(Http2Stream& stream) {
  const RequestView request = {.method = view_.method,
                               .target = view_.target,
                               .fields = view_.fields,
                               .host = view_.host,
                               .peer_address = peer_.address,
                               .is_tls = peer_.is_tls,
                               .certificate = peer_.certificate.get()};
  QuickAnswer quick = server_.quick(request);
  if (!quick.prepared) return false;
  const PreparedAnswer& prepared = *quick.prepared;
  fields_.set_prepared(prepared.status, prepared.fields);
  stream.record.status = prepared.status;
  if (quick.user) stream.record.user = *quick.user;
  if (!quick.client_address.empty()) stream.record.peer_address = std::move(quick.client_address);
  const bool has_body = view_.method == Method::get && prepared.body.size() > 0;
  stream.answer.set(std::move(quick.prepared));
  submit(stream, has_body);
  return true;
}

void Http2Session::refuse(Http2Stream& stream, const HeadRefusal& refusal) {
  server_.metrics.bad_requests.add();
  send_response(stream, text_answer(refusal.status, refusal.reason), refusal.method == "HEAD");
}

void Http2Session::answer(Http2Stream& stream, std::optional<Response> response) {
  if (stream.is_closed) return;
  // The client's own address by now, if a trusted proxy has named it.
  stream.record.peer_address = stream.request.peer_address;
  if (!response) return reset(stream, NGHTTP2_CANCEL);
  send_response(stream, std::move(*response), stream.request.method == Method::head);
}

void Http2Session::send_response(Http2Stream& stream, Response response, bool is_head) {
  if (!is_valid_head(response)) {
    server_.log.error("the answer's status or a header field is not valid HTTP",
                      {{"http.request.id", stream.record.request_id}, {"status", response.status}});
    response = text_answer(500, reason_phrase(500));
  }
  auto* pieces = std::get_if<BodyPieces>(&response.body);
  std::optional<std::uint64_t> length;
  if (may_have_body(response.status)) {
    if (pieces != nullptr) length = size_of(*pieces);
    if (is_head && response.head_length) length = response.head_length;
  }
  const bool has_body = may_have_body(response.status) && !is_head && length != 0U;
  fields_.set(response.status, response.headers, length);
  stream.record.status = response.status;
  stream.record.user = std::move(response.user);
  if (has_body && pieces != nullptr) stream.answer.set(std::move(*pieces));
  if (has_body && pieces == nullptr) stream.answer.set(std::move(std::get<BodyStream>(response.body)));
  submit(stream, has_body);
}

void Http2Session::submit(Http2Stream& stream, bool has_body) {
  fields_.add_date_and_id(loop_.date(), stream.record.request_id);
  stream.sent_at = loop_.now();
  nghttp2_data_provider provider = {.source = {.ptr = &stream}, .read_callback = next_data};
  const auto fields = fields_.view();
  const int outcome =
      nghttp2_submit_response(session_, stream.id, fields.data(), fields.size(), has_body ? &provider : nullptr);
  if (outcome != 0) reset(stream, NGHTTP2_INTERNAL_ERROR);
  owner_.flush_soon();
}

void Http2Session::resume(Http2Stream& stream) {
  if (stream.is_closed) return;
  stream.sent_at = std::max(stream.sent_at, loop_.now());
  nghttp2_session_resume_data(session_, stream.id);
  owner_.flush_soon();
}

void Http2Session::break_off(Http2Stream& stream, const std::string& why) {
  if (stream.is_closed) return;
  server_.log.error("an answer was broken off", {{"http.request.id", stream.record.request_id}, {"error", why}});
  reset(stream, NGHTTP2_INTERNAL_ERROR);
}

void Http2Session::reset(Http2Stream& stream, std::uint32_t error_code) {
  stream.is_broken_by_us = true;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, error_code);
  owner_.flush_soon();
}

int Http2Session::send_data(Http2Stream& stream, const std::uint8_t* frame_head, std::size_t count) {
  std::byte* room = output_->extend(kFrameHeadBytes + count);
  std::memcpy(room, frame_head, kFrameHeadBytes);
  if (!stream.answer.fetch(room + kFrameHeadBytes, count)) {
    output_->drop_last(kFrameHeadBytes + count);
    stream.is_broken_by_us = true;
    server_.log.error("an answer was broken off", {{"http.request.id", stream.record.request_id},
                                                   {"error", "a file is shorter than the answer promised"}});
    return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  }
  stream.sent_at = loop_.now();
  stream.record.body_bytes += count;
  budget_.allow_idle_frames(kIdleFramesAFrame);
  return output_->has_room() ? 0 : NGHTTP2_ERR_PAUSE;
}

void Http2Session::on_frame_sent(const nghttp2_frame& frame) {
  const bool is_ours = frame.hd.type == NGHTTP2_HEADERS || frame.hd.type == NGHTTP2_DATA;
  if (!is_ours || (frame.hd.flags & NGHTTP2_FLAG_END_STREAM) == 0) return;
  Http2Stream* stream = find(frame.hd.stream_id);
  if (stream == nullptr) return;
  stream->is_answer_over = true;
  stream->sent_at = loop_.now();
}

void Http2Session::on_frame_not_sent(const nghttp2_frame& frame, int error) {
  if (frame.hd.type != NGHTTP2_HEADERS) return;
  Http2Stream* stream = find(frame.hd.stream_id);
  const bool is_gone = stream == nullptr || error == NGHTTP2_ERR_STREAM_CLOSED || error == NGHTTP2_ERR_STREAM_CLOSING;
  if (!is_gone) break_off(*stream, nghttp2_strerror(error));
}

void Http2Session::check_time() {
  if (streams_.empty()) unused_.clear();
  // Other streams of the client may fill its window while their handlers are busy; that is not its fault.
  const bool can_send = nghttp2_session_get_local_window_size(session_) > 0;
  for (const auto& stream : streams_) {
    if (stream->is_closed) continue;
    if (stream->body)
      stream->body->check_time(can_send ? Http2Body::Client::can_send : Http2Body::Client::is_held_back);
    if (stream->is_answer_over) {
      // The rest of a body that nobody reads need not come (RFC 9113, 8.1). Said at once, this would keep the answer
      // from some clients (curl 7.88): they find the stream closed before they look.
      if (loop_.now() - stream->sent_at >= limits_.drain_time) reset(*stream, NGHTTP2_NO_ERROR);
    } else {
      check_sending(*stream);
    }
  }
  checked_at_ = loop_.now();
}

/// A client that does not open its window does not take the answer. One that waits for its turn, or whose socket is
/// full, is the connection's business.
void Http2Session::check_sending(Http2Stream& stream) {
  const std::uint64_t sent =
      stream.record.body_bytes - std::exchange(stream.sent_when_checked, stream.record.body_bytes);
  if (stream.answer.at_hand(1) == 0) return;
  const bool is_shut = nghttp2_session_get_remote_window_size(session_) <= 0 ||
                       nghttp2_session_get_stream_remote_window_size(session_, stream.id) <= 0;
  if (!is_shut) return;
  if (!stream.send_progress) {
    stream.send_progress.emplace(limits_.minimum_bytes_per_second, limits_.progress_window);
  }
  const bool stands_still = loop_.now() - stream.sent_at >= limits_.write_stall_time;
  const bool is_fast_enough = stream.send_progress->add(loop_.now() - checked_at_, sent);
  if (!stands_still && is_fast_enough) return;
  server_.metrics.timeouts_write.add();
  reset(stream, NGHTTP2_CANCEL);
}

}  // namespace berth::http
