#include "net/http_client.h"

#include <fmt/format.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/buffer_body.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <functional>
#include <list>
#include <utility>

#include "base/failure.h"

namespace berth {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;

constexpr int kVersion = 11;

[[noreturn]] void fail(const Url& url, const std::string& what) {
  throw Failure(FailureKind::interrupted, fmt::format("{}: {}", url.origin(), what));
}

/// One connection, plain or TLS.
class Link {
 public:
  Link(const asio::any_io_executor& loop, asio::ssl::context* tls) {
    if (tls != nullptr) {
      tls_ = std::make_unique<beast::ssl_stream<beast::tcp_stream>>(beast::tcp_stream(loop), *tls);
    } else {
      plain_ = std::make_unique<beast::tcp_stream>(loop);
    }
  }

  beast::tcp_stream& tcp() { return tls_ ? tls_->next_layer() : *plain_; }
  template <class Work>
  auto on_stream(Work work) {
    return tls_ ? work(*tls_) : work(*plain_);
  }
  beast::ssl_stream<beast::tcp_stream>* tls() { return tls_.get(); }
  beast::flat_buffer& buffer() { return buffer_; }

 private:
  std::unique_ptr<beast::ssl_stream<beast::tcp_stream>> tls_;
  std::unique_ptr<beast::tcp_stream> plain_;
  beast::flat_buffer buffer_;  // what came and belongs to the next answer
};

struct KeptLink {
  std::string origin;
  std::unique_ptr<Link> link;
};

}  // namespace

struct HttpClient::State {
  explicit State(HttpClientOptions with) : options(std::move(with)), tls(asio::ssl::context::tls_client) {
    tls.set_options(asio::ssl::context::no_tlsv1 | asio::ssl::context::no_tlsv1_1);
    boost::system::error_code error;
    tls.set_default_verify_paths(error);
    if (!options.ca_file.empty()) {
      tls.load_verify_file(options.ca_file, error);
      if (error) {
        throw Failure(FailureKind::internal, fmt::format("{}: cannot be read: {}", options.ca_file, error.message()));
      }
    }
    tls.set_verify_mode(options.is_verifying ? asio::ssl::verify_peer : asio::ssl::verify_none);
  }

  std::unique_ptr<Link> take(const std::string& origin) {
    const auto found = std::ranges::find(kept, origin, &KeptLink::origin);
    if (found == kept.end()) return nullptr;
    std::unique_ptr<Link> link = std::move(found->link);
    kept.erase(found);
    return link;
  }
  void give_back(std::string origin, std::unique_ptr<Link> link) {
    kept.push_front({std::move(origin), std::move(link)});
    if (kept.size() > options.kept_connections) kept.pop_back();
  }

  Task<std::unique_ptr<Link>> connect(Url url);

  const HttpClientOptions options;
  asio::ssl::context tls;
  std::list<KeptLink> kept;  // the latest first
};

namespace {

using Parser = beast::http::response_parser<beast::http::buffer_body>;

}  // namespace

Task<std::unique_ptr<Link>> HttpClient::State::connect(Url url) {
  const auto loop = co_await asio::this_coro::executor;
  tcp::resolver resolver(loop);
  boost::system::error_code error;
  const auto found = co_await resolver.async_resolve(url.host, std::to_string(url.port),
                                                     asio::redirect_error(asio::use_awaitable, error));
  if (error) fail(url, fmt::format("the name cannot be resolved: {}", error.message()));
  auto link = std::make_unique<Link>(loop, url.is_tls ? &tls : nullptr);
  link->tcp().expires_after(options.connect_limit);
  co_await link->tcp().async_connect(found, asio::redirect_error(asio::use_awaitable, error));
  if (error) fail(url, fmt::format("no connection: {}", error.message()));
  if (link->tls() != nullptr) {
    auto& stream = *link->tls();
    if (SSL_set_tlsext_host_name(stream.native_handle(), url.host.c_str()) != 1) fail(url, "TLS cannot be set up");
    if (options.is_verifying) stream.set_verify_callback(asio::ssl::host_name_verification(url.host));
    co_await stream.async_handshake(asio::ssl::stream_base::client, asio::redirect_error(asio::use_awaitable, error));
    if (error) fail(url, fmt::format("TLS: {}", error.message()));
  }
  co_return link;
}

namespace {

/// The rest of an answer.
class Body final : public ByteReader {
 public:
  Body(std::unique_ptr<Link> link, std::unique_ptr<Parser> parser, Url url, std::chrono::milliseconds silence_limit,
       std::function<void(std::unique_ptr<Link>)> give_back)
      : link_(std::move(link)),
        parser_(std::move(parser)),
        url_(std::move(url)),
        silence_limit_(silence_limit),
        give_back_(std::move(give_back)) {
    end_if_done();
  }

  Task<std::size_t> read(std::span<std::byte> into) override {
    while (link_) {
      auto& body = parser_->get().body();
      body.data = into.data();
      body.size = into.size();
      body.more = true;
      boost::system::error_code error;
      link_->tcp().expires_after(silence_limit_);
      co_await link_->on_stream([&](auto& stream) {
        return beast::http::async_read_some(stream, link_->buffer(), *parser_,
                                            asio::redirect_error(asio::use_awaitable, error));
      });
      if (error && error != beast::http::error::need_buffer) {
        link_.reset();
        fail(url_, fmt::format("the answer broke off: {}", error.message()));
      }
      const std::size_t count = into.size() - body.size;
      end_if_done();
      if (count > 0) co_return count;
    }
    co_return 0;
  }

 private:
  void end_if_done() {
    if (!parser_->is_done()) return;
    if (parser_->keep_alive()) {
      link_->tcp().expires_never();
      give_back_(std::move(link_));
    }
    link_.reset();
  }

  std::unique_ptr<Link> link_;  // null: the end
  std::unique_ptr<Parser> parser_;
  const Url url_;
  const std::chrono::milliseconds silence_limit_;
  const std::function<void(std::unique_ptr<Link>)> give_back_;
};

}  // namespace

HttpClient::HttpClient(HttpClientOptions options) : state_(std::make_unique<State>(std::move(options))) {}

HttpClient::~HttpClient() = default;

Task<OutboundResponse> HttpClient::send(OutboundRequest request) {
  const Url url = request.url;
  beast::http::request<beast::http::empty_body> message;
  message.method_string(request.method);
  message.target(url.target);
  message.version(kVersion);
  message.set(beast::http::field::host, url.authority());
  message.set(beast::http::field::user_agent, state_->options.user_agent);
  for (const auto& [name, value] : request.headers) message.insert(name, value);

  for (bool is_kept = true;; is_kept = false) {
    std::unique_ptr<Link> link = is_kept ? state_->take(url.origin()) : nullptr;
    is_kept = link != nullptr;
    if (!link) link = co_await state_->connect(url);
    boost::system::error_code error;
    link->tcp().expires_after(state_->options.silence_limit);
    co_await link->on_stream([&](auto& stream) {
      return beast::http::async_write(stream, message, asio::redirect_error(asio::use_awaitable, error));
    });
    auto parser = std::make_unique<Parser>();
    parser->header_limit(state_->options.head_bytes);
    parser->body_limit(boost::none);
    parser->skip(request.method == "HEAD");
    if (!error) {
      co_await link->on_stream([&](auto& stream) {
        return beast::http::async_read_header(stream, link->buffer(), *parser,
                                              asio::redirect_error(asio::use_awaitable, error));
      });
    }
    if (error) {
      // Closed while nobody used it: no server has begun with the request.
      if (is_kept) continue;
      fail(url, fmt::format("no answer: {}", error.message()));
    }
    OutboundResponse response;
    response.status = parser->get().result_int();
    for (const auto& field : parser->get()) {
      response.headers.add(std::string(field.name_string()), std::string(field.value()));
    }
    if (const auto length = parser->content_length()) response.length_bytes = *length;
    response.body = std::make_unique<Body>(std::move(link), std::move(parser), url, state_->options.silence_limit,
                                           [state = state_.get(), origin = url.origin()](std::unique_ptr<Link> free) {
                                             state->give_back(origin, std::move(free));
                                           });
    co_return response;
  }
}

Task<std::string> read_whole(ByteReader& body, std::size_t limit_bytes) {
  std::string text;
  std::array<std::byte, 16 * 1024> piece;
  for (;;) {
    const std::size_t count = co_await body.read(piece);
    if (count == 0) co_return text;
    if (text.size() + count > limit_bytes) {
      throw Failure(FailureKind::interrupted, fmt::format("an answer has more than {} bytes", limit_bytes));
    }
    text.append(reinterpret_cast<const char*>(piece.data()), count);
  }
}

}  // namespace berth
