// Sends an answer: head and body, in as few system calls as its sources allow.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "http/connection_io.h"
#include "http/response.h"

namespace berth::http {

enum class BodyCoding {
  none,    ///< HEAD, 204, 304: the head alone
  pieces,  ///< of the length that the head says
  chunked,
  until_close,  ///< HTTP/1.0: the end of the connection is the end of the body
};

/// Threading, lifetime: of one connection.
class ResponseWriter {
 public:
  explicit ResponseWriter(ConnectionIo& io) : io_(io) {}

  /// `head` must stay until the end. After anything but `sent` the connection cannot be used further; if it was a
  /// stream that failed, `stream_failure()` says why.
  Task<SendResult> send(const std::string& head, Response& response, BodyCoding coding);

  /// Answers whose bytes are ready, and the body of the last of them if it is not among those (else null). The first
  /// `skip` bytes of it all are out already. As send(), otherwise.
  Task<SendResult> send_prepared(std::string_view answers, const ByteSource* body, std::size_t skip);

  /// Bytes of body that went out, framing left out.
  std::uint64_t body_bytes() const { return body_bytes_; }
  const std::string& stream_failure() const { return stream_failure_; }

 private:
  Task<SendResult> send_pieces(const std::string& head, const BodyPieces& pieces);
  Task<SendResult> send_stream(const std::string& head, ByteReader& stream, BodyCoding coding);
  Task<std::size_t> read_stream(ByteReader& stream, std::span<std::byte> into);

  ConnectionIo& io_;
  std::vector<iovec> vectors_;
  std::uint64_t body_bytes_ = 0;
  std::string stream_failure_;
};

}  // namespace berth::http
