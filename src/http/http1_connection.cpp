#include "http/http1_connection.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "base/failure.h"
#include "http/body_reader.h"
#include "http/connection_io.h"
#include "http/receive_buffer.h"
#include "http/reply_batch.h"
#include "http/response_head.h"
#include "http/response_writer.h"

namespace berth::http {
namespace {

constexpr const char* kTextType = "text/plain; charset=utf-8";

Response text_answer(unsigned status, std::string_view reason) {
  return Response::text(status, kTextType, std::string(reason) + "\n");
}

class Http1Connection {
 public:
  Http1Connection(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer)
      : server_(server),
        loop_(loop),
        limits_(server.limits),
        peer_(std::move(peer)),
        io_(std::move(stream), loop, server.limits),
        buffer_(loop),
        batch_(loop),
        writer_(io_) {}

  Task<> run();

 private:
  enum class Next { request, close, linger, gone };
  /// What the bytes at hand amount to, once the requests among them that can be answered at once are.
  enum class Look {
    more,     ///< another byte is needed
    batch,    ///< the batch has to go out before anything else is looked at
    request,  ///< request_ goes the long way
    refusal,  ///< refusal_ says why not
  };
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
  Look look_at_bytes();
  Look look_at_head(std::string_view text);
  Look refused(HeadRefusal refusal);
  bool can_answer_at_once() const;
  /// True if the whole batch left at once; else send_rest_of_batch() goes on.
  bool send_batch_at_once();
  Task<Next> send_rest_of_batch();
  void record_quick(SendResult sent);

  /// Sets the deadline for the bytes that are missing. False if none shall come any more: a drain.
  bool expect_bytes();
  Next take_bytes();
  /// Waiting has ended without bytes.
  Next give_up();

  Task<Next> refuse(std::unique_ptr<HeadRefusal> refusal);
  Task<Next> answer(std::unique_ptr<RequestHead> head);
  Task<std::optional<Response>> call_handler(Request& request, bool is_for_server, const BodyReader& body);
  std::optional<Response> answer_to_failure(const Request& request, const std::exception_ptr& error,
                                            const BodyReader& body);
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
  std::string head_bytes_;
  std::size_t request_count_ = 0;
};

Task<> Http1Connection::run() {
  const bool is_open = co_await shake_hands();
  if (!is_open) co_return;
  Next next = Next::request;
  while (next == Next::request) {
    const Look look = refusal_ ? Look::refusal : look_at_bytes();
    if (!batch_.empty() && !send_batch_at_once()) {
      next = co_await send_rest_of_batch();
      if (next != Next::request) break;
    }
    if (io_.is_turn_over()) co_await io_.let_others();
    switch (look) {
      case Look::batch:
        break;
      case Look::more: {
        if (!expect_bytes()) co_return;
        int error = 0;
        if (!may_have_come_) {
          const auto between = is_header_timed_ ? ConnectionIo::Between::bytes : ConnectionIo::Between::requests;
          error = co_await io_.wait_readable(between);
        }
        next = error == 0 ? take_bytes() : give_up();
        break;
      }
      case Look::request:
        next = co_await answer(std::move(request_));
        break;
      case Look::refusal:
        next = co_await refuse(std::move(refusal_));
        break;
    }
  }
  if (next == Next::linger) {
    co_await io_.linger(limits_.drain_bytes, limits_.drain_time);
  } else if (next == Next::close) {
    io_.shutdown_send();
  }
}

Task<bool> Http1Connection::shake_hands() {
  if (!peer_.is_tls) co_return true;
  io_.start_deadline(limits_.tls_handshake_time);
  const IoResult result = co_await io_.handshake();
  io_.end_deadline();
  if (result.error == 0) co_return true;
  if (io_.is_expired()) server_.metrics.timeouts_handshake.add();
  co_return false;
}

Http1Connection::Look Http1Connection::look_at_bytes() {
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
  const std::size_t size = text.size();
  if (auto refusal = parse_head(text, limits_.target_bytes, head_)) return refused(std::move(*refusal));
  if (can_answer_at_once()) {
    const QuickAnswer quick = server_.quick({.method = head_.method,
                                             .target = head_.target,
                                             .fields = head_.fields,
                                             .host = head_.host,
                                             .peer_address = peer_.address,
                                             .is_tls = peer_.is_tls});
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
    if (server_.is_draining()) return false;
    io_.start_deadline(limits_.idle_time);
  } else if (!is_header_timed_) {
    is_header_timed_ = true;
    io_.start_deadline(limits_.header_time);
  }
  return true;
}

Http1Connection::Next Http1Connection::take_bytes() {
  const std::span<std::byte> room = buffer_.prepare(limits_.header_bytes);
  const IoResult result = io_.read_now(room);
  may_have_come_ = result.bytes == room.size();
  if (result.error == EAGAIN) return Next::request;
  if (result.error != 0 || result.bytes == 0) return Next::gone;
  buffer_.commit(result.bytes);
  if (!is_header_timed_) io_.end_deadline();
  return Next::request;
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
  co_return answer_to_failure(request, error, body);
}

std::optional<Response> Http1Connection::answer_to_failure(const Request& request, const std::exception_ptr& error,
                                                           const BodyReader& body) {
  unsigned status = 500;
  std::string why = "unknown exception";
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    why = failure.what();
    switch (failure.kind()) {
      case FailureKind::interrupted:
        if (!body.is_too_slow()) return std::nullopt;
        return text_answer(408, why);
      case FailureKind::body_malformed:
        return text_answer(400, why);
      case FailureKind::body_too_large:
        return text_answer(413, why);
      case FailureKind::overloaded:
      case FailureKind::shutting_down:
        status = 503;
        break;
      case FailureKind::storage_full:
        status = 507;
        break;
      case FailureKind::storage:
      case FailureKind::metadata:
      case FailureKind::internal:
        break;
    }
  } catch (const std::exception& exception) {
    why = exception.what();
  } catch (...) {
  }
  server_.log.error("request failed", {{"http.request.id", request.request_id},
                                       {"method", request.method_text},
                                       {"target", request.target},
                                       {"status", status},
                                       {"error", why}});
  Response response = text_answer(status, reason_phrase(status));
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

Task<bool> Http1Connection::send(Response& response, Exchange& exchange, const std::string& request_id,
                                 bool can_go_on) {
  Framing framing;
  framing.request_id = request_id;
  head_bytes_.clear();
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
    if (append_response_head(head_bytes_, response, framing) || is_replaced) break;
    server_.log.error("the answer's status or a header field is not valid HTTP",
                      {{"http.request.id", request_id}, {"status", response.status}});
    response = text_answer(500, reason_phrase(500));
  }
  exchange.status = response.status;
  const SendResult sent = co_await writer_.send(head_bytes_, response, coding);
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
  line.peer_address = peer_.address;
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

}  // namespace

Task<> serve_http1(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer) {
  Http1Connection connection(server, loop, std::move(stream), std::move(peer));
  co_await connection.run();
}

}  // namespace berth::http
