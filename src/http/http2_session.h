// Http2Session: one HTTP/2 connection without its socket: bytes in, requests out; answers in, bytes out. The protocol
// is nghttp2's; what is here are the rules of ours: who may send how much, what becomes of a request, whose turn it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/http1_connection.h"
#include "http/http2_budget.h"
#include "http/http2_fields.h"
#include "http/http2_head.h"
#include "http/http2_output.h"
#include "http/http2_stream.h"
#include "http/loop.h"
#include "http/response.h"
#include "http/server_context.h"

namespace berth::http {

/// What a session asks of its connection, inside of receive(), gather() and all other calls.
class Http2SessionOwner {
 public:
  virtual ~Http2SessionOwner() = default;
  /// There is something to send. The session must not be gathered inside of the call.
  virtual void flush_soon() = 0;
};

/// Threading: the connection's loop. Lifetime: no handler of a stream runs any more when it is destroyed.
class Http2Session {
 public:
  Http2Session(ServerContext& server, Loop& loop, const Peer& peer, Http2SessionOwner& owner);
  ~Http2Session();
  Http2Session(const Http2Session&) = delete;
  Http2Session& operator=(const Http2Session&) = delete;

  /// Our settings, to be sent first.
  void greet();
  /// Instead of greet(): goes on where HTTP/1 was left by "Upgrade: h2c" with this request, which has no body.
  /// `settings` is what HTTP2-Settings held, decoded. False if that is malformed.
  bool greet_upgraded(std::string_view settings, Request request);

  /// False if the connection must end after what gather() still gives.
  bool receive(std::span<const std::byte> bytes);
  /// Appends frames to `output` until it has no more room or there is nothing to send. False if the session broke.
  bool gather(Http2Output& output);
  /// All that was gathered has been sent.
  void on_sent();

  /// The streams whose handlers have yet to be started, after receive() and greet_upgraded().
  void take_requests(std::vector<Http2Stream*>& into);
  /// What the handler answered, or nothing if the client went away.
  void answer(Http2Stream& stream, std::optional<Response> response);
  /// A streamed answer has read on or come to its end.
  void resume(Http2Stream& stream);
  /// The streamed answer broke: the client must not take it for whole.
  void break_off(Http2Stream& stream, const std::string& why);
  /// Nothing of the stream is used by its handler any more.
  void on_handler_end(Http2Stream& stream);

  /// Says that no further stream will be taken. Those that the client has opened meanwhile still are, until the client
  /// has answered (is_end_known) and end() is called.
  void announce_end();
  bool is_end_known() const { return is_end_known_; }
  void end();
  /// Ends at once, with an orderly GOAWAY: streams under way are broken off.
  void terminate();
  /// Neither side has anything to say any more.
  bool is_over() const;
  /// The connection is gone: every stream is broken off.
  void close_streams();

  /// The client has sent its settings, as it must first.
  bool is_greeted() const { return is_greeted_; }
  bool is_idle() const { return streams_.empty(); }
  std::size_t request_count() const { return request_count_; }
  /// The head of a request is on its way since then, if one is.
  std::optional<LoopTime> head_since() const { return head_since_; }
  /// Ends bodies that stand still, either way.
  void check_time();

  // Of Http2Stream.
  void open_window(Http2Stream& stream, std::size_t count);
  void say_continue(Http2Stream& stream);

 private:
  friend class Http2Callbacks;

  // From nghttp2, by way of http2_callbacks.cpp.
  void on_begin_headers(const nghttp2_frame& frame);
  void on_header(std::string_view name, std::string_view value);
  void on_frame(const nghttp2_frame& frame);
  void on_bad_frame(const nghttp2_frame& frame, int error);
  void on_data(std::int32_t id, std::span<const std::byte> bytes);
  void on_stream_close(std::int32_t id, std::uint32_t error_code);
  void on_frame_sent(const nghttp2_frame& frame);
  void on_frame_not_sent(const nghttp2_frame& frame, int error);
  int send_data(Http2Stream& stream, const std::uint8_t* frame_head, std::size_t count);

  void start_session();
  Http2Stream& open_stream(std::int32_t id);
  Http2Stream* find(std::int32_t id);
  void on_request(Http2Stream& stream, EndOfStream end);
  void on_request_end(Http2Stream& stream);
  void start_handler(Http2Stream& stream, Request request);
  bool answer_quickly(Http2Stream& stream);
  void refuse(Http2Stream& stream, const HeadRefusal& refusal);
  void note_request(Http2Stream& stream);
  void send_response(Http2Stream& stream, Response response, bool is_head);
  void submit(Http2Stream& stream, bool has_body);
  void reset(Http2Stream& stream, std::uint32_t error_code);
  void check_sending(Http2Stream& stream);
  void spend(FrameKind kind);
  void send_away(Counter& reason);
  void terminate_if_sent_away();
  void retire_if_done(Http2Stream& stream);
  void record(Http2Stream& stream);

  // Fixed after construction.
  ServerContext& server_;
  const ServerLimits& limits_;
  Loop& loop_;
  const Peer& peer_;
  Http2SessionOwner& owner_;
  const std::size_t head_limit_;
  nghttp2_session* session_;
  // The header list that arrives; there is one at a time.
  Http2Head head_;
  Http2HeadView view_;
  Http2Stream* head_stream_ = nullptr;  ///< null: of trailers, or of a stream that was refused
  std::optional<LoopTime> head_since_;
  // Streams.
  std::vector<std::unique_ptr<Http2Stream>> streams_;  ///< open for nghttp2, or with a handler that runs
  std::vector<std::unique_ptr<Http2Stream>> ended_;    ///< whose last bytes have been gathered but maybe not sent
  std::vector<std::unique_ptr<Http2Stream>> unused_;
  std::vector<Http2Stream*> fresh_;
  std::size_t handler_count_ = 0;
  std::size_t request_count_ = 0;
  FrameBudget budget_;
  LoopTime checked_at_;
  // Answers.
  Http2Fields fields_;
  Http2Output* output_ = nullptr;  ///< inside of gather()
  bool is_greeted_ = false;
  bool is_end_announced_ = false;
  bool is_end_known_ = false;
  bool is_sent_away_ = false;
  bool is_terminated_ = false;
};

}  // namespace berth::http
