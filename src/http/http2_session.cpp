#include "http/http2_session.h"

#include <nghttp2/nghttp2.h>

#include <array>
#include <chrono>
#include <exception>
#include <span>
#include <utility>

#include "http/http2_callbacks.h"

namespace berth::http {
namespace {

constexpr std::int32_t kConnection = 0;  // the stream id that stands for it
/// Streams that are kept for reuse: a client that has a few requests under way at a time causes no allocation.
constexpr std::size_t kUnusedStreams = 16;
/// Frames that wait because the client does not read what it asks for, beside those of its streams.
constexpr std::size_t kWaitingFrames = 4096;

std::size_t head_limit_of(const ServerLimits& limits) {
  return limits.http2.header_list_bytes > 0 ? limits.http2.header_list_bytes : limits.header_bytes;
}

}  // namespace

Http2Session::Http2Session(ServerContext& server, Loop& loop, const Peer& peer, Http2SessionOwner& owner)
    : server_(server),
      limits_(server.limits),
      loop_(loop),
      peer_(peer),
      owner_(owner),
      head_limit_(head_limit_of(server.limits)),
      session_(make_nghttp2_session(*this, head_limit_)),
      head_(head_limit_),
      budget_(server.limits.http2, loop.now()),
      checked_at_(loop.now()) {}

Http2Session::~Http2Session() {
  nghttp2_session_del(session_);
}

void Http2Session::greet() {
  const Http2Limits& limits = limits_.http2;
  // Streams take turns, whatever clients say of their order: a manifest does not wait behind a layer. Without the tree
  // of RFC 7540 nobody can make us keep one.
  const std::array<nghttp2_settings_entry, 4> settings = {{
      {NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, static_cast<std::uint32_t>(limits.stream_count)},
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, static_cast<std::uint32_t>(limits.stream_window_bytes)},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(head_limit_)},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  }};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, kConnection,
                                        static_cast<std::int32_t>(limits.connection_window_bytes));
}

bool Http2Session::greet_upgraded(std::string_view settings, Request request) {
  greet();
  const int is_head = request.method == Method::head ? 1 : 0;
  const auto* bytes = reinterpret_cast<const std::uint8_t*>(settings.data());
  if (nghttp2_session_upgrade2(session_, bytes, settings.size(), is_head, nullptr) != 0) return false;
  Http2Stream& stream = open_stream(1);
  ++request_count_;
  AccessRecord& line = stream.record;
  line.request_id = loop_.new_request_id();
  line.peer_address = peer_.address;
  line.method = request.method_text;
  line.target = request.target;
  line.host = request.host;
  line.referer = request.headers.find("Referer").value_or("");
  line.user_agent = request.headers.find("User-Agent").value_or("");
  stream.is_request_over = true;
  start_handler(stream, std::move(request));
  return true;
}

bool Http2Session::receive(std::span<const std::byte> bytes) {
  const auto* data = reinterpret_cast<const std::uint8_t*>(bytes.data());
  const ssize_t outcome = nghttp2_session_mem_recv(session_, data, bytes.size());
  const bool has_flooded =
      outcome == NGHTTP2_ERR_FLOODED || outcome == NGHTTP2_ERR_TOO_MANY_CONTINUATIONS ||
      nghttp2_session_get_outbound_queue_size(session_) > kWaitingFrames + 2 * limits_.http2.stream_count;
  if (has_flooded) send_away(server_.metrics.http2_floods_frames);
  terminate_if_sent_away();
  return outcome >= 0;
}

void Http2Session::take_requests(std::vector<Http2Stream*>& into) {
  into.clear();
  std::swap(into, fresh_);
}

bool Http2Session::gather(Http2Output& output) {
  terminate_if_sent_away();
  output_ = &output;
  ssize_t size = 0;
  while (output.has_room()) {
    const std::uint8_t* bytes = nullptr;
    size = nghttp2_session_mem_send(session_, &bytes);
    if (size <= 0) break;  // DATA has been gathered by send_data()
    output.append(std::as_bytes(std::span(bytes, static_cast<std::size_t>(size))));
  }
  output_ = nullptr;
  return size >= 0;
}

void Http2Session::on_sent() {
  for (std::unique_ptr<Http2Stream>& stream : ended_) {
    record(*stream);
    if (unused_.size() < kUnusedStreams) unused_.push_back(std::move(stream));
  }
  ended_.clear();
}

void Http2Session::terminate() {
  nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
  owner_.flush_soon();
}

bool Http2Session::is_over() const {
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

void Http2Session::announce_end() {
  constexpr std::array<std::uint8_t, 8> kOpaque = {'d', 'r', 'a', 'i', 'n'};
  is_end_announced_ = true;
  nghttp2_submit_shutdown_notice(session_);
  nghttp2_submit_ping(session_, NGHTTP2_FLAG_NONE, kOpaque.data());
  owner_.flush_soon();
}

void Http2Session::end() {
  const std::int32_t last = nghttp2_session_get_last_proc_stream_id(session_);
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, last, NGHTTP2_NO_ERROR, nullptr, 0);
  owner_.flush_soon();
}

void Http2Session::close_streams() {
  for (const auto& stream : ended_) stream->is_answer_over = false;  // not sent, as far as we know
  std::vector<Http2Stream*> open;
  for (const auto& stream : streams_) open.push_back(stream.get());
  for (Http2Stream* stream : open) {
    if (std::exchange(stream->is_closed, true)) continue;
    stream->is_answer_over = false;
    if (stream->body) stream->body->break_off();
    stream->answer.stop();
    retire_if_done(*stream);
  }
  on_sent();
}

void Http2Session::on_handler_end(Http2Stream& stream) {
  stream.has_handler = false;
  --handler_count_;
  nghttp2_session_consume_connection(session_, stream.body->drop_kept());
  retire_if_done(stream);
}

Http2Stream& Http2Session::open_stream(std::int32_t id) {
  if (unused_.empty()) unused_.push_back(std::make_unique<Http2Stream>(*this));
  Http2Stream& stream = *unused_.back();
  stream.begin(id);
  stream.index = streams_.size();
  streams_.push_back(std::move(unused_.back()));
  unused_.pop_back();
  nghttp2_session_set_stream_user_data(session_, id, &stream);
  const nghttp2_extpri in_turn = {NGHTTP2_EXTPRI_DEFAULT_URGENCY, 1};
  nghttp2_session_change_extpri_stream_priority(session_, id, &in_turn, 1);
  return stream;
}

Http2Stream* Http2Session::find(std::int32_t id) {
  return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id));
}

void Http2Session::retire_if_done(Http2Stream& stream) {
  if (!stream.is_closed || stream.has_handler) return;
  const std::size_t index = stream.index;
  ended_.push_back(std::move(streams_[index]));
  if (index + 1 < streams_.size()) {
    streams_[index] = std::move(streams_.back());
    streams_[index]->index = index;
  }
  streams_.pop_back();
  // Nothing may be on its way that would bring on_sent() about.
  owner_.flush_soon();
}

void Http2Session::record(Http2Stream& stream) {
  if (stream.body) stream.record.request_body_bytes = stream.body->byte_count();
  stream.body.reset();
  stream.answer.clear();
  if (!server_.access || stream.record.request_id.empty()) return;  // it never had a head
  AccessRecord& line = stream.record;
  if (line.status == 0) line.status = 499;  // nginx's number for a client that went away
  line.is_complete = stream.is_answer_over;
  const auto taken = std::chrono::steady_clock::now() - stream.started;
  line.duration = std::chrono::duration_cast<std::chrono::microseconds>(taken);
  try {
    server_.access(line);
  } catch (const std::exception& failure) {
    server_.log.error("the access log failed", {{"http.request.id", line.request_id}, {"error", failure.what()}});
  }
}

}  // namespace berth::http
