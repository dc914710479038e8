#include "http/http1_connection.h"

#include <chrono>
#include <exception>
#include <optional>
#include <utility>
#include <variant>

#include "base/failure.h"
#include "http/body_reader.h"
#include "http/connection_io.h"
#include "http/receive_buffer.h"
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
        writer_(io_) {}

  Task<> run();

 private:
  enum class Next { request, close, linger };
  struct Closed {};
  using HeadOutcome = std::variant<RequestHead, HeadRefusal, Closed>;
  /// What is known of an exchange when its answer goes out.
  struct Exchange {
    std::chrono::steady_clock::time_point started = std::chrono::steady_clock::now();
    bool is_head_method = false;
    unsigned http_minor = 1;
    bool is_keep_alive_named = false;
    unsigned status = 0;
    bool is_complete = false;
  };

  Task<bool> shake_hands();
  Task<HeadOutcome> read_head();
  HeadOutcome head_timed_out(bool is_between_requests);
  Task<Next> refuse(HeadRefusal refusal);
  Task<Next> answer(RequestHead head);
  Task<std::optional<Response>> call_handler(Request& request, bool is_for_server, const BodyReader& body);
  std::optional<Response> answer_to_failure(const Request& request, const std::exception_ptr& error,
                                            const BodyReader& body);
  /// Sends it, whole or not, and says whether another answer can follow on this connection.
  Task<bool> send(Response& response, Exchange& exchange, const std::string& request_id, bool can_go_on);
  void record(const Exchange& exchange, Request& request, std::uint64_t request_body_bytes, std::string user);

  ServerContext& server_;
  Loop& loop_;
  const ServerLimits& limits_;
  Peer peer_;
  ConnectionIo io_;
  ReceiveBuffer buffer_;
  ResponseWriter writer_;
  std::string head_bytes_;
  std::size_t request_count_ = 0;
};

Task<> Http1Connection::run() {
  const bool is_open = co_await shake_hands();
  if (!is_open) co_return;
  Next next = Next::request;
  while (next == Next::request) {
    HeadOutcome outcome = co_await read_head();
    if (std::holds_alternative<Closed>(outcome)) co_return;
    if (auto* refusal = std::get_if<HeadRefusal>(&outcome)) {
      next = co_await refuse(std::move(*refusal));
    } else {
      next = co_await answer(std::move(std::get<RequestHead>(outcome)));
    }
  }
  if (next == Next::linger) {
    co_await io_.linger(limits_.drain_bytes, limits_.drain_time);
  } else {
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

Task<Http1Connection::HeadOutcome> Http1Connection::read_head() {
  HeadFinder finder;
  bool is_between_requests = buffer_.empty();
  if (is_between_requests) {
    buffer_.shrink();
    if (server_.is_draining()) co_return Closed{};
  }
  io_.start_deadline(is_between_requests ? limits_.idle_time : limits_.header_time);
  for (;;) {
    // Some clients end a body with an empty line that is not part of it (RFC 9112, 2.2).
    if (finder.is_in_first_line()) {
      while (buffer_.view().starts_with("\r\n")) buffer_.consume(2);
    }
    const HeadFinder::State state = finder.look(buffer_.view());
    if (state == HeadFinder::State::complete) break;
    if (state == HeadFinder::State::malformed) co_return HeadRefusal{400, "a line of the head is malformed"};
    if (finder.is_in_first_line() && buffer_.size() > limits_.target_bytes + 64) {
      co_return HeadRefusal{414, "the target is too long"};
    }
    const std::span<std::byte> room = buffer_.prepare(limits_.header_bytes);
    if (room.empty()) co_return HeadRefusal{431, "the head is too large"};
    IoResult result;
    if (is_between_requests) {
      result = co_await io_.read_idle(room);
    } else {
      result = co_await io_.read_some(room);
    }
    if (result.error != 0 && io_.is_expired()) co_return head_timed_out(is_between_requests);
    if (result.error != 0 || result.bytes == 0) co_return Closed{};
    buffer_.commit(result.bytes);
    if (is_between_requests) io_.start_deadline(limits_.header_time);
    is_between_requests = false;
  }
  io_.end_deadline();
  auto head = parse_head(buffer_.view().substr(0, finder.size()), limits_.target_bytes);
  buffer_.consume(finder.size());
  if (!head) co_return std::move(head.error());
  co_return std::move(*head);
}

Http1Connection::HeadOutcome Http1Connection::head_timed_out(bool is_between_requests) {
  if (is_between_requests) {
    server_.metrics.timeouts_idle.add();
    return Closed{};
  }
  server_.metrics.timeouts_header.add();
  return HeadRefusal{408, "the head of the request came too slowly"};
}

Task<Http1Connection::Next> Http1Connection::refuse(HeadRefusal refusal) {
  io_.end_deadline();
  server_.metrics.bad_requests.add();
  Request request;
  request.method_text = std::move(refusal.method);
  request.target = std::move(refusal.target);
  request.request_id = loop_.new_request_id();
  Response response = text_answer(refusal.status, refusal.reason);
  Exchange exchange;
  exchange.is_head_method = request.method_text == "HEAD";
  co_await send(response, exchange, request.request_id, false);
  record(exchange, request, 0, {});
  co_return Next::linger;
}

Task<Http1Connection::Next> Http1Connection::answer(RequestHead head) {
  Request& request = head.request;
  request.is_tls = peer_.is_tls;
  request.peer_address = peer_.address;
  request.request_id = loop_.new_request_id();
  BodyReader body(io_, buffer_, head, limits_);
  request.body = &body;
  Exchange exchange;
  exchange.is_head_method = request.method == Method::head;
  exchange.http_minor = request.http_minor;
  exchange.is_keep_alive_named = head.is_keep_alive_named;
  ++request_count_;

  server_.metrics.requests_in_flight.add(1);
  std::optional<Response> response = co_await call_handler(request, head.is_for_server, body);
  server_.metrics.requests_in_flight.add(-1);
  if (body.is_too_slow()) server_.metrics.timeouts_body.add();
  if (!response) {
    exchange.status = 499;  // nginx's number for a client that went away; Distribution logs it, too
    record(exchange, request, body.byte_count(), {});
    co_return Next::close;
  }
  const bool is_body_out_of_the_way = body.skip_what_is_at_hand();
  const bool can_go_on = head.is_keep_alive && is_body_out_of_the_way && !server_.is_draining() &&
                         request_count_ < limits_.requests_per_connection;
  const bool goes_on = co_await send(*response, exchange, request.request_id, can_go_on);
  const bool is_clean_end = !head.is_keep_alive && is_body_out_of_the_way && buffer_.empty();
  record(exchange, request, body.byte_count(), std::move(response->user));
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
  switch (sent) {
    case SendResult::sent:
      co_return can_go_on;
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
  co_return false;
}

void Http1Connection::record(const Exchange& exchange, Request& request, std::uint64_t request_body_bytes,
                             std::string user) {
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
  line.body_bytes = exchange.status == 499 ? 0 : writer_.body_bytes();
  line.request_body_bytes = request_body_bytes;
  line.is_complete = exchange.is_complete;
  line.request_id = std::move(request.request_id);
  line.host = std::move(request.host);
  line.duration =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::steady_clock::now() - exchange.started);
  server_.access(line);
}

}  // namespace

Task<> serve_http1(ServerContext& server, Loop& loop, std::unique_ptr<Stream> stream, Peer peer) {
  Http1Connection connection(server, loop, std::move(stream), std::move(peer));
  co_await connection.run();
}

}  // namespace berth::http
