#include "http/chunk_decoder.h"

namespace berth::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::size_t ChunkDecoder::feed(std::string_view text) {
  std::size_t taken = 0;
  while (taken < text.size() && state_ == State::framing) step(text[taken++]);
  return taken;
}

void ChunkDecoder::took(std::uint64_t count) {
  data_left_ -= count;
  if (data_left_ > 0) return;
  state_ = State::framing;
  step_ = Step::data_cr;
  skipped_ = 0;
}

void ChunkDecoder::step(char c) {
  const auto is_control = [](char byte) {
    return (static_cast<unsigned char>(byte) < 0x20 && byte != '\t') || byte == 0x7F;
  };
  switch (step_) {
    case Step::size: {
      if (const int digit = hex_value(c); digit >= 0) {
        // 15 digits hold an exabyte, and no sum of theirs wraps around.
        if (++digit_count_ > 15) return refuse();
        data_left_ = data_left_ * 16 + static_cast<unsigned>(digit);
        return;
      }
      if (digit_count_ == 0) return refuse();
      if (c == '\r') {
        step_ = Step::size_lf;
      } else if (c == ';' || c == ' ' || c == '\t') {
        step_ = Step::extension;
      } else {
        refuse();
      }
      return;
    }
    case Step::extension:
      if (c == '\r') {
        step_ = Step::size_lf;
      } else if (is_control(c) || ++skipped_ > kSkippedLimit) {
        refuse();
      }
      return;
    case Step::size_lf:
      if (c != '\n') return refuse();
      digit_count_ = 0;
      if (data_left_ == 0) {
        step_ = Step::trailer_start;
      } else {
        state_ = State::data;
      }
      return;
    case Step::data_cr:
      if (c != '\r') return refuse();
      step_ = Step::data_lf;
      return;
    case Step::data_lf:
      if (c != '\n') return refuse();
      step_ = Step::size;
      return;
    case Step::trailer_start:
      if (c == '\r') {
        step_ = Step::last_lf;
        return;
      }
      if (c == ' ' || c == '\t') return refuse();
      step_ = Step::trailer;
      [[fallthrough]];
    case Step::trailer:
      if (c == '\r') {
        step_ = Step::trailer_lf;
      } else if (is_control(c) || ++skipped_ > kSkippedLimit) {
        refuse();
      }
      return;
    case Step::trailer_lf:
      if (c != '\n') return refuse();
      step_ = Step::trailer_start;
      return;
    case Step::last_lf:
      if (c != '\n') return refuse();
      state_ = State::done;
      return;
  }
}

}  // namespace berth::http
