// Http2Answer: the body of an answer on its way out: memory and file regions one after the other, or what a stream
// brings piece by piece. Bytes are fetched only when the connection has room for them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "async/wakeup.h"
#include "http/quick_answer.h"
#include "http/response.h"

namespace berth::http {

/// Threading, lifetime: of one stream; reused for the next.
class Http2Answer {
 public:
  void clear();
  void set(BodyPieces pieces);
  /// Keeps `prepared` until the end.
  void set(std::shared_ptr<const PreparedAnswer> prepared);
  void set(BodyStream stream);

  /// Bytes that can be fetched at once, at most `limit`.
  std::size_t at_hand(std::size_t limit) const;
  /// The body ends with the next `count` bytes.
  bool ends_after(std::size_t count) const;
  /// Moves the next `count` bytes, which are at hand, to `into`. False if a file is shorter than it should be or cannot
  /// be read. Blocks as long as the kernel takes to read a file's pages, as sendfile does.
  bool fetch(std::byte* into, std::size_t count);

  bool is_stream() const { return stream_ != nullptr; }
  /// Reads the next piece of a stream when the last one has gone out. False at its end, if it broke
  /// (stream_failure() says why) or after stop().
  Task<bool> read_on();
  const std::string& stream_failure() const { return stream_failure_; }
  /// Nobody takes the answer any more.
  void stop();

 private:
  bool fetch_from(const ByteSource& source, std::uint64_t offset, std::byte* into, std::size_t count);
  Task<std::size_t> read_stream();

  // Pieces, or the one of a prepared answer.
  std::vector<ByteSource> pieces_;
  std::shared_ptr<const PreparedAnswer> prepared_;
  std::size_t piece_ = 0;     ///< the next bytes are of this one,
  std::uint64_t offset_ = 0;  ///< from here
  std::uint64_t left_ = 0;    ///< of all pieces
  // A stream.
  BodyStream stream_;
  std::unique_ptr<std::byte[]> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
  bool is_at_end_ = false;
  bool is_stopped_ = false;
  Wakeup drained_;
  std::string stream_failure_;
};

}  // namespace berth::http
