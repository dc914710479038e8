// BodyReader: the body of an HTTP/1 request.
#pragma once

#include <cstdint>

#include "async/byte_reader.h"
#include "http/chunk_decoder.h"
#include "http/connection_io.h"
#include "http/http1_head.h"
#include "http/receive_buffer.h"

namespace berth::http {

/// Bodies with a length are received straight into the caller's memory; there is no limit to their size.
/// Threading, lifetime: of the request, on its loop.
class BodyReader final : public ByteReader {
 public:
  BodyReader(ConnectionIo& io, ReceiveBuffer& buffer, const RequestHead& head, const ServerLimits& limits);

  Task<std::size_t> read(std::span<std::byte> into) override;

  /// What is left of the body is thrown away if it has been received already. True if the next request comes next.
  bool skip_what_is_at_hand();
  /// Bytes of body handed out.
  std::uint64_t byte_count() const { return byte_count_; }
  /// The client was too slow, so a 408 says why the connection ends.
  bool is_too_slow() const { return is_too_slow_; }

 private:
  Task<std::size_t> read_fixed(std::span<std::byte> into);
  Task<std::size_t> read_chunked(std::span<std::byte> into);
  std::size_t take_from_buffer(std::span<std::byte> into);
  Task<std::size_t> receive(std::span<std::byte> into);
  Task<> say_continue();
  [[noreturn]] void interrupt(const char* why);
  [[noreturn]] void refuse_framing();

  ConnectionIo& io_;
  ReceiveBuffer& buffer_;
  const ServerLimits& limits_;
  BodyFraming framing_;
  std::uint64_t fixed_left_;
  ChunkDecoder chunks_;
  ProgressMeter progress_;
  std::uint64_t byte_count_ = 0;
  bool expects_continue_;
  bool is_broken_ = false;
  bool is_too_slow_ = false;
};

}  // namespace berth::http
