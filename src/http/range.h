// Byte ranges (RFC 9110, 14): what a Range asks for, the answer to it, and the Content-Range of an upload's chunk.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/byte_source.h"
#include "http/request.h"
#include "http/response.h"

namespace berth::http {

/// `length` (at least 1) bytes from `offset`.
struct ByteRange {
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  bool operator==(const ByteRange&) const = default;
};

struct RangeLimits {
  /// A Range with more parts than this is ignored: the whole is sent.
  std::size_t part_count = 32;
};

enum class RangeOutcome {
  whole,          ///< no usable Range: 200
  partial,        ///< 206
  unsatisfiable,  ///< 416
};

struct RangeSelection {
  RangeOutcome outcome = RangeOutcome::whole;
  std::vector<ByteRange> ranges = {};  ///< for partial: in rising order, apart from each other, inside of the size
};

/// What a Range field asks of `size` bytes. Pure.
///
/// A malformed field or another unit is ignored (RFC 9110, 14.2). Parts that overlap or touch are joined, so the bytes
/// sent never exceed `size` whatever was asked. Parts outside or backwards are dropped; if none is left it is
/// unsatisfiable, which every well-formed range of zero bytes is.
RangeSelection select_ranges(std::string_view range_field, std::uint64_t size, RangeLimits limits = {});

/// "bytes 0-9/100", as Content-Range of a 206 has it.
std::string content_range(ByteRange range, std::uint64_t size);

/// The Content-Range of an upload's chunk: `first` and `last` inclusive.
struct ChunkRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::optional<std::uint64_t> total = {};
  std::uint64_t length() const { return last - first + 1; }
  bool operator==(const ChunkRange&) const = default;
};

/// "0-9" (the distribution specification's form), "bytes 0-9/100", "bytes 0-9/*", "bytes 0-9" and "bytes=0-9".
/// Nothing if malformed, if last < first, or if last is not below the total.
std::optional<ChunkRange> parse_chunk_range(std::string_view text);

/// What is served by range.
struct Representation {
  ByteSource bytes;
  std::string content_type;
  std::string entity_tag = {};  ///< without quotes; empty: none
};

/// 200, 206 (one part or multipart/byteranges) or 416 for a GET; 200 for HEAD, with the pieces that tell its length.
/// Range and If-Range are looked at, other preconditions are the caller's (is_not_modified).
/// Sets Content-Type, Accept-Ranges, Content-Range and, with an entity tag, ETag.
Response ranged_response(const Request& request, Representation representation, RangeLimits limits = {});

}  // namespace berth::http
