#include "http/http1_connection.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "http/body_reader.h"
#include "http/connection_io.h"
#include "http/failure_answer.h"
#include "http/h2c_upgrade.h"
#include "http/http2_connection.h"
#include "http/receive_buffer.h"
#include "http/reply_batch.h"
#include "http/response_head.h"
#include "http/response_writer.h"

namespace berth::http {
namespace {

/// What a client begins with that knows we speak HTTP/2; all of it that looks like a head (RFC 9113, 3.4).
constexpr std::string_view kHttp2Preface = "PRI * HTTP/2.0\r\n\r\n";
/// Heads of answers are seldom larger.
constexpr std::size_t kUsualHeadBytes = 512;

class Http1Connection final : public ReadWatcher {
 public:
  Http1Connection(ServerContext& server, LoopConnection& connection)
      : server_(server),
        loop_(*connection.loop),
        limits_(server.limits),
        peer_(connection.peer),
        io_(std::move(connection.stream), loop_, server.limits),
        buffer_(loop_),
        batch_(loop_),
        writer_(io_),
        request_count_(connection.request_count) {}

  /// What follows if the client goes on with HTTP/2; then release_into() has its bytes.
  Task<std::unique_ptr<Http2Start>> run();
  /// Not null if it shall go on on another loop: run() has ended for that.
  Loop* next_loop() const { return next_loop_; }
  void release_into(LoopConnection& connection) {
    connection.stream = io_.release_stream();
    connection.peer = std::move(peer_);
    connection.request_count = request_count_;
  }

 private:
  enum class Next { request, close, linger, gone };
  /// What the bytes at hand amount to, once the requests among them that can be answered at once are.
  enum class Look {
    more,     ///< another byte is needed
    batch,    ///< the batch has to go out before anything else is looked at
    request,  ///< request_ goes the long way
    refusal,  ///< refusal_ says why not
    http2,    ///< the client goes on with HTTP/2, and what came belongs to that
  };
  /// What advance() cannot do: it has to be waited for.
  enum class Need { bytes, sending, turn, request, refusal, http2, end };
  using LoopClock = std::chrono::steady_clock;
  /// A quick answer whose line is written when it is out.
  struct ToRecord {
    QuickAnswer quick;
    std::string request_id;
    LoopClock::time_point started;
  };
  /// What is known of an exchange when its answer goes out.
  struct Exchange {
    LoopClock::time_point started = LoopClock::now();
    bool is_head_method = false;
    unsigned http_minor = 1;
    bool is_keep_alive_named = false;
    unsigned status = 0;
    bool is_complete = false;
  };

  Task<bool> shake_hands();
  /// Goes on as far as possible without waiting.
  Need advance();
  bool on_readable() override;
  /// What was found stays found: a request or a refusal is returned until it is taken.
  Look look_at_bytes();
  Look look_at_head(std::string_view text);
  Look refused(HeadRefusal refusal);
  bool may_become_http2() const { return server_.speaks_h2c && !peer_.is_tls && request_count_ == 0; }
  /// Whether the request asks for HTTP/2 in a way that we follow; then the client knows.
  Task<std::unique_ptr<Http2Start>> upgrade(RequestHead& head);
  bool can_answer_at_once() const;
  /// True if the whole batch left at once; else send_rest_of_batch() goes on.
  bool send_batch_at_once();
  Task<Next> send_rest_of_batch();
  void record_quick(SendResult sent);

  /// Sets the deadline for the bytes that are missing. False if none shall come any more: a drain.
  bool expect_bytes();
  /// False if no more will come.
  bool take_bytes();
  /// Waiting has ended without bytes.
  Next give_up();
  /// Sets next_loop_ if another loop is wanted and nothing is under way.
  bool leaves_loop();

  Task<Next> refuse(std::unique_ptr<HeadRefusal> refusal);
  Task<Next> answer(std::unique_ptr<RequestHead> head);
  Task<std::optional<Response>> call_handler(Request& request, bool is_for_server, const BodyReader& body);
  /// Sends it, whole or not, and says whether another answer can follow on this connection.
  Task<bool> send(Response& response, Exchange& exchange, const std::string& request_id, bool can_go_on);
  void report(SendResult sent, std::string_view request_id);
  struct BodyBytes {
    std::uint64_t received = 0;
    std::uint64_t sent = 0;
  };
  void record(const Exchange& exchange, Request& request, BodyBytes bytes, std::string user);

  ServerContext& server_;
  Loop& loop_;
  const ServerLimits& limits_;
  Peer peer_;
  ConnectionIo io_;
  ReceiveBuffer buffer_;
  // The head that is being looked for or was found last.
  HeadFinder finder_;
  HeadView head_;
  Need need_ = Need::bytes;
  bool is_header_timed_ = false;
  /// The last read filled all its room, or there was none yet: more may have come already.
  bool may_have_come_ = true;
  // What goes the long way, apart: most connections wait most of the time, and have none.
  std::unique_ptr<RequestHead> request_;
  std::unique_ptr<HeadRefusal> refusal_;
  ReplyBatch batch_;
  std::size_t batch_sent_ = 0;
  std::optional<ToRecord> to_record_;  ///< the only answer of the batch, when there is an access log
  ResponseWriter writer_;
  std::size_t request_count_;
  Loop* next_loop_ = nullptr;
};

Task<std::unique_ptr<Http2Start>> Http1Connection::run() {
  const bool is_open = co_await shake_hands();
  if (!is_open) co_return nullptr;
  if (io_.protocol() == "h2") co_return std::make_unique<Http2Start>();
  Next next = Next::request;
  need_ = advance();
  while (next == Next::request) {
    switch (need_) {
      case Need::bytes: {
        if (leaves_loop()) co_return nullptr;
        // The deadline may have passed while the loop was about to come here, with nothing to cancel.
        const int error = io_.is_expired() ? ECANCELED : co_await io_.watch_readable(*this);
        io_.set_rest(ConnectionIo::Rest::none);
        if (error == 0 || (error == ECANCELED && leaves_loop())) continue;
        if (error == ECANCELED && io_.take_wake_up() && !io_.is_expired()) {
          on_readable();
          continue;
        }
        next = give_up();
        break;
      }
      case Need::sending:
        next = co_await send_rest_of_batch();
        break;
      case Need::turn:
        co_await io_.let_others();
        break;
      case Need::request: {
        if (may_become_http2()) {
          std::unique_ptr<Http2Start> http2 = co_await upgrade(*request_);
          if (http2) co_return http2;
        }
        next = co_await answer(std::move(request_));
        break;
      }
      case Need::refusal:
        next = co_await refuse(std::move(refusal_));
        break;
      case Need::http2:
        co_return std::make_unique<Http2Start>(std::string(buffer_.view()));
      case Need::end:
        next = Next::gone;
        break;
    }
    if (next == Next::request) need_ = advance();
  }
  if (next == Next::linger) {
    co_await io_.linger(limits_.drain_bytes, limits_.drain_time);
  } else if (next == Next::close) {
    io_.shutdown_send();
  }
  co_return nullptr;
}

Task<std::unique_ptr<Http2Start>> Http1Connection::upgrade(RequestHead& head) {
  if (head.framing != BodyFraming::none || server_.is_draining()) co_return nullptr;
  std::optional<std::string> settings = h2c_settings(head.request);
  if (!settings) co_return nullptr;
  // Whether it reached the client shows in what follows.
  co_await io_.send("HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
  co_return std::make_unique<Http2Start>(std::string(buffer_.view()),
                                         Http2Start::Upgrade{std::move(*settings), std::move(head.request)});
}

Task<bool> Http1Connection::shake_hands() {
  if (!peer_.is_tls || request_count_ > 0) co_return true;
  io_.start_deadline(limits_.tls_handshake_time);
  const IoResult result = co_await io_.handshake();
  io_.end_deadline();
  if (result.error == 0) {
    peer_.certificate = io_.peer_certificate();
    co_return true;
  }
  if (io_.is_expired()) server_.metrics.timeouts_handshake.add();
  co_return false;
}

bool Http1Connection::on_readable() {
  need_ = take_bytes() ? advance() : Need::end;
  return need_ == Need::bytes && io_.wanted_loop() == nullptr;
}

bool Http1Connection::leaves_loop() {
  const bool rests = buffer_.empty() && !io_.is_expired() && !server_.is_draining();
  if (io_.wanted_loop() != nullptr && rests) next_loop_ = io_.wanted_loop();
  return next_loop_ != nullptr;
}

Http1Connection::Need Http1Connection::advance() {
  for (;;) {
    const Look look = look_at_bytes();
    if (!batch_.empty() && !send_batch_at_once()) return Need::sending;
    // Waiting for bytes lets others have their turn, too.
    const bool will_wait = look == Look::more && !may_have_come_;
    if (io_.is_turn_over() && !will_wait) return Need::turn;
    switch (look) {
      case Look::batch:
        break;
      case Look::more:
        if (!expect_bytes()) return Need::end;
        if (!may_have_come_) {
          io_.set_rest(buffer_.empty() ? ConnectionIo::Rest::idle : ConnectionIo::Rest::amid_head);
          io_.start_turn();
          return Need::bytes;
        }
        if (!take_bytes()) return Need::end;
        break;
      case Look::request:
        return Need::request;
      case Look::refusal:
        return Need::refusal;
      case Look::http2:
        return Need::http2;
    }
  }
}

Http1Connection::Look Http1Connection::look_at_bytes() {
  if (refusal_) return Look::refusal;
  if (request_) return Look::request;
  for (;;) {
    // Some clients end a body with an empty line that is not part of it (RFC 9112, 2.2).
    if (finder_.is_in_first_line()) {
      while (buffer_.view().starts_with("\r\n")) buffer_.consume(2);
    }
    switch (finder_.look(buffer_.view())) {
      case HeadFinder::State::malformed:
        return refused({400, "a line of the head is malformed"});
      case HeadFinder::State::incomplete:
        if (finder_.is_in_first_line() && buffer_.size() > limits_.target_bytes + 64) {
          return refused({414, "the target is too long"});
        }
        if (buffer_.size() >= limits_.header_bytes) return refused({431, "the head is too large"});
        return Look::more;
      case HeadFinder::State::complete:
        break;
    }
    if (finder_.size() > limits_.header_bytes) return refused({431, "the head is too large"});
    const Look look = look_at_head(buffer_.view().substr(0, finder_.size()));
    if (look != Look::more) return look;
  }
}

/// Look::more if the request is answered and the next can be looked at.
Http1Connection::Look Http1Connection::look_at_head(std::string_view text) {
  if (is_header_timed_) io_.end_deadline();
  is_header_timed_ = false;
  if (may_become_http2() && text.starts_with(kHttp2Preface)) return Look::http2;
  const std::size_t size = text.size();
  if (auto refusal = parse_head(text, limits_.target_bytes, head_)) return refused(std::move(*refusal));
  if (can_answer_at_once()) {
    const QuickAnswer quick = server_.quick({.method = head_.method,
                                             .target = head_.target,
                                             .fields = head_.fields,
                                             .host = head_.host,
                                             .peer_address = peer_.address,
                                             .is_tls = peer_.is_tls,
                                             .certificate = peer_.certificate.get()});
    if (quick.prepared && batch_.is_full(*quick.prepared)) return Look::batch;
    if (quick.prepared) {
      const std::string_view request_id = batch_.add(*quick.prepared, head_.method);
      ++request_count_;
      finder_ = HeadFinder();
      buffer_.consume(size);
      if (!server_.access) return Look::more;
      // The head's bytes stay where they are until more are received, so its line can be written when it is out.
      to_record_ = ToRecord{.quick = quick, .request_id = std::string(request_id), .started = LoopClock::now()};
      return Look::batch;
    }
  }
  auto head = make_request(head_);
  if (!head) return refused(std::move(head.error()));
  finder_ = HeadFinder();
  buffer_.consume(size);
  request_ = std::make_unique<RequestHead>(std::move(*head));
  return Look::request;
}

Http1Connection::Look Http1Connection::refused(HeadRefusal refusal) {
  refusal_ = std::make_unique<HeadRefusal>(std::move(refusal));
  return Look::refusal;
}

bool Http1Connection::can_answer_at_once() const {
  return head_.is_simple_read && server_.quick && !server_.is_draining() &&
         request_count_ + 1 < limits_.requests_per_connection;
}

bool Http1Connection::send_batch_at_once() {
  const std::string_view bytes = batch_.bytes();
  const ByteSource* body = batch_.body_to_follow();
  batch_sent_ = 0;
  if (body != nullptr && body->file() != nullptr) return false;
  std::array<iovec, 2> pieces{iovec{const_cast<char*>(bytes.data()), bytes.size()}, iovec{}};
  std::size_t count = 1;
  std::size_t length = bytes.size();
  if (body != nullptr) {
    const std::string_view text = body->memory()->view();
    pieces[count++] = {const_cast<char*>(text.data()), text.size()};
    length += text.size();
  }
  const IoResult result = io_.write_now(std::span(pieces).first(count));
  batch_sent_ = result.bytes;
  if (result.bytes < length) return false;  // also on an error: the next write meets it again
  batch_.clear();
  record_quick(SendResult::sent);
  return true;
}

Task<Http1Connection::Next> Http1Connection::send_rest_of_batch() {
  const SendResult sent = co_await writer_.send_prepared(batch_.bytes(), batch_.body_to_follow(), batch_sent_);
  batch_.clear();
  report(sent, {});
  record_quick(sent);
  co_return sent == SendResult::sent ? Next::request : Next::close;
}

void Http1Connection::record_quick(SendResult sent) {
  if (!to_record_) return;
  const ToRecord done = *std::exchange(to_record_, std::nullopt);
  Request request;
  request.method_text = head_.method_text;
  request.target = head_.target;
  request.host = head_.host;
  request.request_id = done.request_id;
  request.peer_address = done.quick.client_address;
  for (const auto& [name, value] : head_.fields) {
    if (equals_ignoring_case(name, "Referer") || equals_ignoring_case(name, "User-Agent")) {
      request.headers.add(std::string(name), std::string(value));
    }
  }
  const PreparedAnswer& prepared = *done.quick.prepared;
  Exchange exchange{.started = done.started};
  exchange.status = prepared.status;
  exchange.is_complete = sent == SendResult::sent;
  const bool has_body = head_.method == Method::get && exchange.is_complete;
  record(exchange, request, {.received = 0, .sent = has_body ? prepared.body.size() : 0},
         done.quick.user ? *done.quick.user : std::string());
}

bool Http1Connection::expect_bytes() {
  const bool is_between_requests = buffer_.empty();
  if (is_between_requests) {
    is_header_timed_ = false;
    buffer_.release();
    // What has come already is answered: its client sent it before it could know.
    if (server_.is_draining() && !may_have_come_ && !io_.has_bytes()) return false;
    io_.start_deadline(limits_.idle_time);
  } else if (!is_header_timed_) {
    is_header_timed_ = true;
    io_.start_deadline(limits_.header_time);
  }
  return true;
}

bool Http1Connection::take_bytes() {
  const std::span<std::byte> room = buffer_.prepare(limits_.header_bytes);
  const IoResult result = io_.read_now(room);
  may_have_come_ = result.bytes == room.size();
  if (result.error == EAGAIN) return true;
  if (result.error != 0 || result.bytes == 0) return false;
  buffer_.commit(result.bytes);
  if (!is_header_timed_) io_.end_deadline();
  return true;
}

Http1Connection::Next Http1Connection::give_up() {
  if (!io_.is_expired()) return Next::gone;
  if (is_header_timed_) {
    server_.metrics.timeouts_header.add();
    refused({408, "the head of the request came too slowly"});
    return Next::request;
  }
  server_.metrics.timeouts_idle.add();
  return Next::gone;
}

Task<Http1Connection::Next> Http1Connection::refuse(std::unique_ptr<HeadRefusal> refusal) {
  io_.end_deadline();
  server_.metrics.bad_requests.add();
  Request request;
  request.method_text = std::move(refusal->method);
  request.target = std::move(refusal->target);
  request.request_id = loop_.new_request_id();
  Response response = text_answer(refusal->status, refusal->reason);
  Exchange exchange;
  exchange.is_head_method = request.method_text == "HEAD";
  co_await send(response, exchange, request.request_id, false);
  record(exchange, request, {.received = 0, .sent = writer_.body_bytes()}, {});
  co_return Next::linger;
}

Task<Http1Connection::Next> Http1Connection::answer(std::unique_ptr<RequestHead> head) {
  Request& request = head->request;
  request.is_tls = peer_.is_tls;
  request.certificate = peer_.certificate;
  request.peer_address = peer_.address;
  request.request_id = loop_.new_request_id();
  BodyReader body(io_, buffer_, *head, limits_);
  request.body = &body;
  Exchange exchange;
  exchange.is_head_method = request.method == Method::head;
  exchange.http_minor = request.http_minor;
  exchange.is_keep_alive_named = head->is_keep_alive_named;
  ++request_count_;

  server_.metrics.requests_in_flight.add(1);
  std::optional<Response> response = co_await call_handler(request, head->is_for_server, body);
  server_.metrics.requests_in_flight.add(-1);
  if (body.is_too_slow()) server_.metrics.timeouts_body.add();
  if (!response) {
    exchange.status = 499;  // nginx's number for a client that went away; Distribution logs it, too
    record(exchange, request, {.received = body.byte_count()}, {});
    co_return Next::close;
  }
  const bool is_body_out_of_the_way = body.skip_what_is_at_hand();
  const bool can_go_on = head->is_keep_alive && is_body_out_of_the_way && !server_.is_draining() &&
                         request_count_ < limits_.requests_per_connection;
  const bool goes_on = co_await send(*response, exchange, request.request_id, can_go_on);
  const bool is_clean_end = !head->is_keep_alive && is_body_out_of_the_way && buffer_.empty();
  record(exchange, request, {.received = body.byte_count(), .sent = writer_.body_bytes()}, std::move(response->user));
  if (goes_on) co_return Next::request;
  co_return !exchange.is_complete || is_clean_end ? Next::close : Next::linger;
}

Task<std::optional<Response>> Http1Connection::call_handler(Request& request, bool is_for_server,
                                                            const BodyReader& body) {
  if (is_for_server) co_return Response::empty(200);
  std::exception_ptr error;
  try {
    co_return co_await server_.handler(request);
  } catch (...) {
    error = std::current_exception();
  }
  co_return answer_to_failure(server_.log, request, error, body.is_too_slow() ? BodyPace::too_slow : BodyPace::fine);
}

Task<bool> Http1Connection::send(Response& response, Exchange& exchange, const std::string& request_id,
                                 bool can_go_on) {
  Framing framing;
  framing.request_id = request_id;
  // Not a member: between two requests a connection holds as little as it can.
  std::string head;
  head.reserve(kUsualHeadBytes);
  BodyCoding coding = BodyCoding::none;
  for (bool is_replaced = false;; is_replaced = true) {
    const auto* pieces = std::get_if<BodyPieces>(&response.body);
    const bool has_body = may_have_body(response.status);
    framing.content_length.reset();
    framing.is_chunked = false;
    coding = BodyCoding::none;
    if (has_body && pieces != nullptr) {
      std::uint64_t length = 0;
      for (const ByteSource& piece : *pieces) length += piece.size();
      if (exchange.is_head_method && response.head_length) length = *response.head_length;
      framing.content_length = length;
      coding = BodyCoding::pieces;
    } else if (has_body && exchange.is_head_method) {
      framing.content_length = response.head_length;
      framing.is_chunked = !response.head_length && exchange.http_minor > 0;
    } else if (has_body) {
      framing.is_chunked = exchange.http_minor > 0;
      coding = framing.is_chunked ? BodyCoding::chunked : BodyCoding::until_close;
      if (coding == BodyCoding::until_close) can_go_on = false;
    }
    if (exchange.is_head_method) coding = BodyCoding::none;
    framing.is_last = !can_go_on;
    framing.names_keep_alive = exchange.is_keep_alive_named;
    framing.date = loop_.date();
    if (append_response_head(head, response, framing) || is_replaced) break;
    server_.log.error("the answer's status or a header field is not valid HTTP",
                      {{"http.request.id", request_id}, {"status", response.status}});
    response = text_answer(500, reason_phrase(500));
  }
  exchange.status = response.status;
  const SendResult sent = co_await writer_.send(head, response, coding);
  exchange.is_complete = sent == SendResult::sent;
  report(sent, request_id);
  co_return sent == SendResult::sent&& can_go_on;
}

/// What a failed answer means for the log, the metrics and the connection.
void Http1Connection::report(SendResult sent, std::string_view request_id) {
  switch (sent) {
    case SendResult::sent:
      return;
    case SendResult::too_slow:
      server_.metrics.timeouts_write.add();
      break;
    case SendResult::source_short:
      server_.log.error("an answer was broken off",
                        {{"http.request.id", request_id},
                         {"error", writer_.stream_failure().empty() ? "a file is shorter than the answer promised"
                                                                    : writer_.stream_failure()}});
      break;
    case SendResult::broken:
      break;
  }
  // A reset, not an end: without a length the client could take what came for the whole.
  io_.abort(Stream::Abort::reset);
}

void Http1Connection::record(const Exchange& exchange, Request& request, BodyBytes bytes, std::string user) {
  if (!server_.access) return;
  AccessRecord line;
  line.peer_address = request.peer_address.empty() ? peer_.address : std::move(request.peer_address);
  line.user = std::move(user);
  line.referer = request.headers.find("Referer").value_or("");
  line.user_agent = request.headers.find("User-Agent").value_or("");
  line.method = std::move(request.method_text);
  line.target = std::move(request.target);
  line.http_minor = exchange.http_minor;
  line.status = exchange.status;
  line.body_bytes = bytes.sent;
  line.request_body_bytes = bytes.received;
  line.is_complete = exchange.is_complete;
  line.request_id = std::move(request.request_id);
  line.host = std::move(request.host);
  line.duration = std::chrono::duration_cast<std::chrono::microseconds>(LoopClock::now() - exchange.started);
  server_.access(line);
}

/// Apart from serve_http1(), whose frame lives as long as an idle connection and would have to hold a copy of `start`.
Task<> go_on_in_http2(ServerContext& server, std::unique_ptr<LoopConnection> connection,
                      std::unique_ptr<Http2Start> start) {
  connection->peer.certificate = connection->stream->peer_certificate();
  co_await serve_http2(server, *connection->loop, std::move(connection->stream), std::move(connection->peer),
                       std::move(*start));
}

}  // namespace

Task<std::unique_ptr<LoopConnection>> serve_http1(ServerContext& server, std::unique_ptr<LoopConnection> connection) {
  std::unique_ptr<Http2Start> http2;
  Loop* next_loop = nullptr;
  {
    Http1Connection http1(server, *connection);
    http2 = co_await http1.run();
    next_loop = http1.next_loop();
    if (http2 || next_loop != nullptr) http1.release_into(*connection);
  }
  if (next_loop != nullptr) {
    connection->stream->move_to(*next_loop);
    connection->loop = next_loop;
    co_return connection;
  }
  if (http2) co_await go_on_in_http2(server, std::move(connection), std::move(http2));
  co_return nullptr;
}

}  // namespace berth::http
