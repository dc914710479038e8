#include "http/http2_callbacks.h"

#include <nghttp2/nghttp2.h>

#include <cstdint>
#include <limits>
#include <new>
#include <span>
#include <string_view>

#include "http/http2_session.h"

namespace berth::http {
namespace {

/// Beyond those that a header list of the largest size needs: empty ones cost us more than the client (CVE-2024-28182).
constexpr std::size_t kSpareContinuations = 8;
/// What a frame holds unless both sides agreed on more, as we never do.
constexpr std::size_t kFrameBytes = 16 * 1024;
/// Answers to PING and SETTINGS that wait because the client does not read.
constexpr std::size_t kWaitingAcknowledgements = 1000;
constexpr std::size_t kSettingsOfAFrame = 32;

std::string_view text_of(const std::uint8_t* bytes, std::size_t size) {
  return {reinterpret_cast<const char*>(bytes), size};
}

/// No exception may pass through nghttp2, which is C; there is only want of memory to be thrown. It ends the session.
template <class Work>
int guarded(Work work) {
  try {
    return work();
  } catch (...) {
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
}

}  // namespace

class Http2Callbacks {
 public:
  static Http2Session& of(void* user_data) { return *static_cast<Http2Session*>(user_data); }

  static int on_begin_headers(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    return guarded([&] { return of(user_data).on_begin_headers(*frame), 0; });
  }
  static int on_header(nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t name_size,
                       const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user_data) {
    return guarded([&] { return of(user_data).on_header(text_of(name, name_size), text_of(value, value_size)), 0; });
  }
  static int on_frame(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    return guarded([&] { return of(user_data).on_frame(*frame), 0; });
  }
  static int on_bad_frame(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
    return guarded([&] { return of(user_data).on_bad_frame(*frame, error), 0; });
  }
  static int on_data(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size,
                     void* user_data) {
    return guarded([&] { return of(user_data).on_data(id, std::as_bytes(std::span(bytes, size))), 0; });
  }
  static int on_stream_close(nghttp2_session*, std::int32_t id, std::uint32_t error_code, void* user_data) {
    return guarded([&] { return of(user_data).on_stream_close(id, error_code), 0; });
  }
  static int on_frame_sent(nghttp2_session*, const nghttp2_frame* frame, void* user_data) {
    return guarded([&] { return of(user_data).on_frame_sent(*frame), 0; });
  }
  static int on_frame_not_sent(nghttp2_session*, const nghttp2_frame* frame, int error, void* user_data) {
    return guarded([&] { return of(user_data).on_frame_not_sent(*frame, error), 0; });
  }
  static int send_data(nghttp2_session*, nghttp2_frame*, const std::uint8_t* frame_head, std::size_t size,
                       nghttp2_data_source* source, void* user_data) {
    return guarded([&] { return of(user_data).send_data(*static_cast<Http2Stream*>(source->ptr), frame_head, size); });
  }
};

nghttp2_session* make_nghttp2_session(Http2Session& session, std::size_t head_limit) {
  nghttp2_session_callbacks* callbacks = nullptr;
  nghttp2_option* options = nullptr;
  nghttp2_session* made = nullptr;
  if (nghttp2_session_callbacks_new(&callbacks) == 0 && nghttp2_option_new(&options) == 0) {
    nghttp2_session_callbacks_set_on_begin_headers_callback(callbacks, Http2Callbacks::on_begin_headers);
    nghttp2_session_callbacks_set_on_header_callback(callbacks, Http2Callbacks::on_header);
    nghttp2_session_callbacks_set_on_frame_recv_callback(callbacks, Http2Callbacks::on_frame);
    nghttp2_session_callbacks_set_on_invalid_frame_recv_callback(callbacks, Http2Callbacks::on_bad_frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(callbacks, Http2Callbacks::on_data);
    nghttp2_session_callbacks_set_on_stream_close_callback(callbacks, Http2Callbacks::on_stream_close);
    nghttp2_session_callbacks_set_on_frame_send_callback(callbacks, Http2Callbacks::on_frame_sent);
    nghttp2_session_callbacks_set_on_frame_not_send_callback(callbacks, Http2Callbacks::on_frame_not_sent);
    nghttp2_session_callbacks_set_send_data_callback(callbacks, Http2Callbacks::send_data);
    // Windows open as handlers read, not as bytes come.
    nghttp2_option_set_no_auto_window_update(options, 1);
    nghttp2_option_set_no_closed_streams(options, 1);
    nghttp2_option_set_max_outbound_ack(options, kWaitingAcknowledgements);
    nghttp2_option_set_max_settings(options, kSettingsOfAFrame);
    nghttp2_option_set_max_continuations(options, head_limit / kFrameBytes + kSpareContinuations);
    // Counted by us, with what the client makes us break off (CVE-2025-8671).
    constexpr std::uint64_t kNoLimit = std::numeric_limits<std::uint32_t>::max();
    nghttp2_option_set_stream_reset_rate_limit(options, kNoLimit, kNoLimit);
    nghttp2_session_server_new2(&made, callbacks, &session, options);
  }
  nghttp2_option_del(options);
  nghttp2_session_callbacks_del(callbacks);
  if (made == nullptr) throw std::bad_alloc();
  return made;
}

}  // namespace berth::http
