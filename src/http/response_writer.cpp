#include "http/response_writer.h"

#include <fmt/format.h>

#include <exception>
#include <memory>
#include <utility>

namespace berth::http {
namespace {

constexpr std::size_t kStreamPieceBytes = 64 * 1024;

iovec vector_of(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};
}

/// A head waits for the first bytes of a short file, and goes with them. Before a long one it goes at once: the client
/// wakes up while the kernel sends, and takes bytes meanwhile.
MoreFollows before_file(const FileRegion& region) {
  constexpr std::uint64_t kLongBytes = 256 * 1024;
  return region.length >= kLongBytes ? MoreFollows::no : MoreFollows::yes;
}

}  // namespace

Task<SendResult> ResponseWriter::send(const std::string& head, Response& response, BodyCoding coding) {
  body_bytes_ = 0;
  stream_failure_.clear();
  vectors_.clear();
  if (coding == BodyCoding::none) return io_.send(head);
  if (auto* stream = std::get_if<BodyStream>(&response.body)) return send_stream(head, **stream, coding);
  return send_pieces(head, std::get<BodyPieces>(response.body));
}

Task<SendResult> ResponseWriter::send_prepared(std::string_view answers, const ByteSource* body, std::size_t skip) {
  stream_failure_.clear();
  vectors_.clear();
  body_bytes_ = 0;
  vectors_.push_back(vector_of(answers));
  const FileRegion* region = body != nullptr ? body->file() : nullptr;
  if (body != nullptr && region == nullptr) vectors_.push_back(vector_of(body->memory()->view()));
  const SendResult sent =
      co_await io_.send_rest(vectors_, skip, region != nullptr ? before_file(*region) : MoreFollows::no);
  if (sent != SendResult::sent || region == nullptr) co_return sent;
  co_return co_await io_.send_file(*region, MoreFollows::no);
}

Task<SendResult> ResponseWriter::send_pieces(const std::string& head, const BodyPieces& pieces) {
  vectors_.push_back(vector_of(head));
  std::uint64_t pending = 0;  // bytes of body in vectors_
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (const SharedBytes* memory = pieces[i].memory()) {
      if (memory->size() > 0) vectors_.push_back(vector_of(memory->view()));
      pending += memory->size();
      continue;
    }
    const FileRegion& region = *pieces[i].file();
    if (region.length == 0) continue;
    const SendResult before = co_await io_.send(vectors_, before_file(region));
    if (before != SendResult::sent) co_return before;
    body_bytes_ += std::exchange(pending, 0);
    const MoreFollows more = i + 1 < pieces.size() ? MoreFollows::yes : MoreFollows::no;
    const SendResult sent = co_await io_.send_file(region, more);
    if (sent != SendResult::sent) co_return sent;
    body_bytes_ += region.length;
  }
  const SendResult sent = co_await io_.send(vectors_, MoreFollows::no);
  if (sent == SendResult::sent) body_bytes_ += pending;
  co_return sent;
}

Task<SendResult> ResponseWriter::send_stream(const std::string& head, ByteReader& stream, BodyCoding coding) {
  const auto buffer = std::make_unique_for_overwrite<std::byte[]>(kStreamPieceBytes);
  const std::span<std::byte> room(buffer.get(), kStreamPieceBytes);
  std::string frame;
  vectors_.push_back(vector_of(head));
  for (;;) {
    const std::size_t count = co_await read_stream(stream, room);
    if (!stream_failure_.empty()) co_return SendResult::source_short;
    if (count == 0) break;
    const std::string_view bytes(reinterpret_cast<const char*>(buffer.get()), count);
    if (coding == BodyCoding::chunked) {
      frame = fmt::format("{:x}\r\n", count);
      vectors_.push_back(vector_of(frame));
      vectors_.push_back(vector_of(bytes));
      vectors_.push_back(vector_of("\r\n"));
    } else {
      vectors_.push_back(vector_of(bytes));
    }
    const SendResult sent = co_await io_.send(vectors_, MoreFollows::no);
    if (sent != SendResult::sent) co_return sent;
    body_bytes_ += count;
  }
  if (coding == BodyCoding::chunked) vectors_.push_back(vector_of("0\r\n\r\n"));
  co_return co_await io_.send(vectors_, MoreFollows::no);
}

Task<std::size_t> ResponseWriter::read_stream(ByteReader& stream, std::span<std::byte> into) {
  try {
    co_return co_await stream.read(into);
  } catch (const std::exception& error) {
    stream_failure_ = error.what();
  } catch (...) {
    stream_failure_ = "unknown exception";
  }
  if (stream_failure_.empty()) stream_failure_ = "the stream broke";
  co_return 0;
}

}  // namespace berth::http
