#include "http/http2_answer.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>
#include <utility>

namespace berth::http {
namespace {

constexpr std::size_t kStreamPieceBytes = 64 * 1024;

}  // namespace

void Http2Answer::clear() {
  pieces_.clear();
  prepared_.reset();
  piece_ = 0;
  offset_ = 0;
  left_ = 0;
  stream_.reset();
  buffer_.reset();
  begin_ = end_ = 0;
  is_at_end_ = false;
  is_stopped_ = false;
  stream_failure_.clear();
}

void Http2Answer::set(BodyPieces pieces) {
  pieces_ = std::move(pieces);
  for (const ByteSource& piece : pieces_) left_ += piece.size();
}

void Http2Answer::set(std::shared_ptr<const PreparedAnswer> prepared) {
  left_ = prepared->body.size();
  prepared_ = std::move(prepared);
}

void Http2Answer::set(BodyStream stream) {
  stream_ = std::move(stream);
  buffer_ = std::make_unique_for_overwrite<std::byte[]>(kStreamPieceBytes);
}

std::size_t Http2Answer::at_hand(std::size_t limit) const {
  if (stream_) return std::min(limit, end_ - begin_);
  return static_cast<std::size_t>(std::min<std::uint64_t>(limit, left_));
}

bool Http2Answer::ends_after(std::size_t count) const {
  if (stream_) return is_at_end_ && count == end_ - begin_;
  return count == left_;
}

bool Http2Answer::fetch(std::byte* into, std::size_t count) {
  if (stream_) {
    std::memcpy(into, buffer_.get() + begin_, count);
    begin_ += count;
    if (begin_ == end_) drained_.wake();
    return true;
  }
  if (prepared_) {
    if (!fetch_from(prepared_->body, offset_, into, count)) return false;
    offset_ += count;
    left_ -= count;
    return true;
  }
  while (count > 0) {
    const ByteSource& source = pieces_[piece_];
    const std::uint64_t left_of_piece = source.size() - offset_;
    if (left_of_piece == 0) {
      ++piece_;
      offset_ = 0;
      continue;
    }
    const auto part = static_cast<std::size_t>(std::min<std::uint64_t>(left_of_piece, count));
    if (!fetch_from(source, offset_, into, part)) return false;
    into += part;
    count -= part;
    offset_ += part;
    left_ -= part;
  }
  return true;
}

bool Http2Answer::fetch_from(const ByteSource& source, std::uint64_t offset, std::byte* into, std::size_t count) {
  if (const SharedBytes* memory = source.memory()) {
    std::memcpy(into, memory->view().data() + offset, count);
    return true;
  }
  const FileRegion& region = *source.file();
  while (count > 0) {
    const ssize_t got = ::pread(region.file->get(), into, count, static_cast<off_t>(region.offset + offset));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    into += got;
    offset += static_cast<std::uint64_t>(got);
    count -= static_cast<std::size_t>(got);
  }
  return true;
}

Task<bool> Http2Answer::read_on() {
  while (begin_ != end_ && !is_stopped_) co_await drained_.wait();
  if (is_stopped_ || is_at_end_) co_return false;
  begin_ = end_ = 0;
  const std::size_t count = co_await read_stream();
  if (!stream_failure_.empty()) co_return false;
  end_ = count;
  is_at_end_ = count == 0;
  co_return true;
}

Task<std::size_t> Http2Answer::read_stream() {
  try {
    co_return co_await stream_->read({buffer_.get(), kStreamPieceBytes});
  } catch (const std::exception& error) {
    stream_failure_ = error.what();
  } catch (...) {
    stream_failure_ = "unknown exception";
  }
  if (stream_failure_.empty()) stream_failure_ = "the stream broke";
  co_return 0;
}

void Http2Answer::stop() {
  is_stopped_ = true;
  drained_.wake();
}

}  // namespace berth::http
