// The chunked transfer coding taken off (RFC 9112, 7.1), strictly: what one proxy reads leniently another reads
// differently, and between the two a second request is smuggled. Pure.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace berth::http {

/// Framing bytes (sizes, extensions, trailers) go through feed(); the data of a chunk is the caller's to take from
/// wherever it is, so that it can go from the socket into the caller's memory without a copy.
class ChunkDecoder {
 public:
  enum class State {
    framing,  ///< feed() more
    data,     ///< data_left() bytes of data come next: take them and say so with took()
    done,     ///< the body has ended
    malformed,
  };

  State state() const { return state_; }
  std::uint64_t data_left() const { return data_left_; }

  /// Takes framing bytes off the front of `text` until data comes, the body ends or `text` does. Returns how many.
  std::size_t feed(std::string_view text);
  /// `count` bytes (at most data_left()) of the chunk's data were taken.
  void took(std::uint64_t count);

 private:
  enum class Step { size, extension, size_lf, data_cr, data_lf, trailer_start, trailer, trailer_lf, last_lf };
  void step(char c);
  void refuse() { state_ = State::malformed; }

  /// The extensions of one chunk, and the trailers together, are skipped, but not without end.
  static constexpr std::size_t kSkippedLimit = 16 * 1024;

  State state_ = State::framing;
  Step step_ = Step::size;
  std::uint64_t data_left_ = 0;
  unsigned digit_count_ = 0;
  std::size_t skipped_ = 0;
};

}  // namespace berth::http
