#include "http/stream.h"

#include <cerrno>

namespace berth::http {

Task<IoResult> Stream::handshake() {
  for (;;) {
    const IoResult result = handshake_now();
    if (result.error != EAGAIN) co_return result;
    const int waited = co_await wait();
    if (waited != 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> Stream::read_some(std::span<std::byte> into) {
  for (;;) {
    const IoResult result = read_now(into);
    if (result.error != EAGAIN) co_return result;
    const int waited = co_await wait();
    if (waited != 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> Stream::write_some(std::span<const iovec> pieces, MoreFollows more) {
  for (;;) {
    const IoResult result = write_now(pieces, more);
    if (result.error != EAGAIN) co_return result;
    const int waited = co_await wait();
    if (waited != 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> Stream::send_file_some(int file, std::uint64_t offset, std::size_t length) {
  for (;;) {
    const IoResult result = send_file_now(file, offset, length);
    if (result.error != EAGAIN) co_return result;
    const int waited = co_await wait();
    if (waited != 0) co_return IoResult{0, waited};
  }
}

Task<IoResult> Stream::discard_some(std::span<std::byte> scratch) {
  for (;;) {
    const IoResult result = discard_now(scratch);
    if (result.error != EAGAIN) co_return result;
    const int waited = co_await wait_readable();
    if (waited != 0) co_return IoResult{0, waited};
  }
}

}  // namespace berth::http
