// MemoryReader: a request's body from memory, in the pieces and with the end that a test asks for.
#pragma once

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <string>
#include <utility>

#include "async/byte_reader.h"
#include "base/failure.h"

namespace berth {

struct MemoryReaderOptions {
  std::size_t piece_bytes = 64 * 1024;  ///< given out by one read at most
  bool breaks_off = false;              ///< ends with Failure(interrupted) instead of the end
  bool yields = false;                  ///< lets other tasks of the loop run before each piece
};

class MemoryReader final : public ByteReader {
 public:
  explicit MemoryReader(std::string bytes, MemoryReaderOptions options = {})
      : bytes_(std::move(bytes)), options_(options) {}

  Task<std::size_t> read(std::span<std::byte> into) override {
    if (options_.yields) {
      const auto executor = co_await boost::asio::this_coro::executor;
      co_await boost::asio::post(executor, boost::asio::use_awaitable);
    }
    const std::size_t count = std::min({into.size(), options_.piece_bytes, bytes_.size() - given_});
    if (count == 0 && options_.breaks_off) throw Failure(FailureKind::interrupted, "the client went away");
    std::memcpy(into.data(), bytes_.data() + given_, count);
    given_ += count;
    co_return count;
  }

  std::size_t given_bytes() const { return given_; }

 private:
  const std::string bytes_;
  const MemoryReaderOptions options_;
  std::size_t given_ = 0;
};

}  // namespace berth
