#include "http/watched_socket.h"

#include <sys/socket.h>

#include <boost/asio/async_result.hpp>
#include <boost/asio/detail/reactor_op.hpp>
#include <boost/asio/error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <exception>
#include <memory>

#include "base/unique_fd.h"

namespace berth::http {
namespace {

using boost::asio::detail::reactor;
using boost::asio::detail::reactor_op;

}  // namespace

/// An operation of the reactor that begins itself anew until the watcher has had enough: no coroutine is resumed and
/// nothing allocated in between. Owns itself while it waits.
template <class Handler>
class WatchedSocket::Watch final : public reactor_op {
 public:
  Watch(WatchedSocket& socket, ReadWatcher& watcher, std::exception_ptr& failure, Handler handler)
      : reactor_op({}, &Watch::perform_now, &Watch::complete_now),
        socket_(socket),
        watcher_(watcher),
        failure_(failure),
        reactor_(boost::asio::use_service<reactor>(socket.get_executor().context())),
        handler_(std::move(handler)) {}

  static void begin(std::unique_ptr<Watch> watch) {
    reactor& where = watch->reactor_;
    WatchedSocket& socket = watch->socket_;
    watch->ec_ = {};
    constexpr bool kIsContinuation = true;
    constexpr bool kUnlessNoted = true;
    where.start_op(reactor::read_op, socket.native_handle(), socket.place(), watch.release(), kIsContinuation,
                   kUnlessNoted);
  }

 private:
  /// Called for each event, and at the beginning if one has come that nobody waited for. Either is used up by it.
  static status perform_now(reactor_op*) { return done_and_exhausted; }

  static void complete_now(void* owner, boost::asio::detail::operation* base, const boost::system::error_code&,
                           std::size_t) {
    std::unique_ptr<Watch> self(static_cast<Watch*>(base));
    if (owner == nullptr) return;  // the io_context ends
    bool goes_on = false;
    if (!self->ec_) {
      try {
        goes_on = self->watcher_.on_readable();
      } catch (...) {
        self->failure_ = std::current_exception();
      }
    }
    if (goes_on) return begin(std::move(self));
    const boost::system::error_code error = self->ec_;
    Handler handler = std::move(self->handler_);
    self.reset();
    std::move(handler)(error);
  }

  WatchedSocket& socket_;
  ReadWatcher& watcher_;
  std::exception_ptr& failure_;
  reactor& reactor_;
  Handler handler_;
};

void WatchedSocket::move_to(boost::asio::io_context& context) {
  int family = 0;
  socklen_t size = sizeof family;
  ::getsockopt(native_handle(), SOL_SOCKET, SO_DOMAIN, &family, &size);
  UniqueFd descriptor(release());
  Socket moved(context);
  moved.assign(boost::asio::generic::stream_protocol(family, 0), descriptor.get());
  descriptor.release();
  Socket::operator=(std::move(moved));
}

Task<int> WatchedSocket::watch_readable(ReadWatcher& watcher) {
  boost::system::error_code error;
  std::exception_ptr failure;
  const auto begin = [&]<class Handler>(Handler handler) {
    Watch<Handler>::begin(std::make_unique<Watch<Handler>>(*this, watcher, failure, std::move(handler)));
  };
  auto token = boost::asio::redirect_error(boost::asio::use_awaitable, error);
  co_await boost::asio::async_initiate<decltype(token), void(boost::system::error_code)>(begin, token);
  if (failure) std::rethrow_exception(failure);
  co_return error == boost::asio::error::operation_aborted ? ECANCELED : error.value();
}

}  // namespace berth::http
