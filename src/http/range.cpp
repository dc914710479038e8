#include "http/range.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "http/entity_tag.h"

namespace berth::http {
namespace {

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Digits only; a number past 64 bits counts as the largest one, since it is past every size all the same.
std::optional<std::uint64_t> parse_number(std::string_view text) {
  const bool is_digits = !text.empty() && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
  if (!is_digits) return std::nullopt;
  std::uint64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec == std::errc::result_out_of_range) return std::numeric_limits<std::uint64_t>::max();
  return number;
}

/// One part of a Range: nothing if malformed; a length of 0 if it lies outside of `size`.
std::optional<ByteRange> parse_part(std::string_view part, std::uint64_t size) {
  const std::size_t dash = part.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const std::string_view first_text = trimmed(part.substr(0, dash));
  const std::string_view last_text = trimmed(part.substr(dash + 1));
  if (first_text.empty()) {
    const auto suffix = parse_number(last_text);
    if (!suffix) return std::nullopt;
    const std::uint64_t length = std::min(*suffix, size);
    return ByteRange{size - length, length};
  }
  const auto first = parse_number(first_text);
  if (!first) return std::nullopt;
  std::uint64_t last = std::numeric_limits<std::uint64_t>::max();
  if (!last_text.empty()) {
    const auto given = parse_number(last_text);
    if (!given) return std::nullopt;
    // Backwards: RFC 9110, 14.2 lets a server ignore or refuse it; Go's and so Distribution's refuses, as for one
    // outside.
    if (*given < *first) return ByteRange{0, 0};
    last = *given;
  }
  if (*first >= size) return ByteRange{0, 0};
  return ByteRange{*first, std::min(last, size - 1) - *first + 1};
}

void join_overlapping(std::vector<ByteRange>& ranges) {
  std::ranges::sort(ranges, {}, &ByteRange::offset);
  std::size_t kept = 0;
  for (std::size_t i = 1; i < ranges.size(); ++i) {
    ByteRange& before = ranges[kept];
    const std::uint64_t before_end = before.offset + before.length;
    if (ranges[i].offset <= before_end) {
      before.length = std::max(before_end, ranges[i].offset + ranges[i].length) - before.offset;
    } else {
      ranges[++kept] = ranges[i];
    }
  }
  ranges.resize(kept + 1);
}

Response multipart(const std::string& request_id, const Representation& representation,
                   const std::vector<ByteRange>& ranges) {
  // The boundary must not occur in the bytes: the request's id is ours and random, so nobody can plant it beforehand.
  const std::string boundary = "berth-" + request_id;
  const std::uint64_t size = representation.bytes.size();
  Response response;
  response.status = 206;
  response.headers.add("Content-Type", "multipart/byteranges; boundary=" + boundary);
  BodyPieces pieces;
  pieces.reserve(ranges.size() * 2 + 1);
  std::string_view line_end = "";
  for (const ByteRange& range : ranges) {
    pieces.emplace_back(SharedBytes(fmt::format("{}--{}\r\nContent-Type: {}\r\nContent-Range: {}\r\n\r\n", line_end,
                                                boundary, representation.content_type, content_range(range, size))));
    pieces.push_back(representation.bytes.slice(range.offset, range.length));
    line_end = "\r\n";
  }
  pieces.emplace_back(SharedBytes(fmt::format("\r\n--{}--\r\n", boundary)));
  response.body = std::move(pieces);
  return response;
}

}  // namespace

RangeSelection select_ranges(std::string_view range_field, std::uint64_t size, RangeLimits limits) {
  const std::size_t equals = range_field.find('=');
  if (equals == std::string_view::npos || !equals_ignoring_case(trimmed(range_field.substr(0, equals)), "bytes")) {
    return {};
  }
  std::string_view rest = range_field.substr(equals + 1);
  std::vector<ByteRange> ranges;
  std::size_t part_count = 0;
  for (bool is_last = false; !is_last;) {
    const std::size_t comma = rest.find(',');
    is_last = comma == std::string_view::npos;
    const std::string_view part = trimmed(rest.substr(0, comma));
    if (!is_last) rest.remove_prefix(comma + 1);
    if (part.empty()) continue;  // lists may have empty elements (RFC 9110, 5.6.1)
    if (++part_count > limits.part_count) return {};
    const auto range = parse_part(part, size);
    if (!range) return {};
    if (range->length > 0) ranges.push_back(*range);
  }
  if (part_count == 0) return {};
  if (ranges.empty()) return {RangeOutcome::unsatisfiable, {}};
  join_overlapping(ranges);
  return {RangeOutcome::partial, std::move(ranges)};
}

std::string content_range(ByteRange range, std::uint64_t size) {
  return fmt::format("bytes {}-{}/{}", range.offset, range.offset + range.length - 1, size);
}

std::optional<ChunkRange> parse_chunk_range(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 5 && equals_ignoring_case(text.substr(0, 5), "bytes") &&
      (text[5] == ' ' || text[5] == '\t' || text[5] == '=')) {
    text = trimmed(text.substr(6));
  }
  ChunkRange range;
  if (const std::size_t slash = text.find('/'); slash != std::string_view::npos) {
    const std::string_view total = trimmed(text.substr(slash + 1));
    if (total != "*") {
      range.total = parse_number(total);
      if (!range.total) return std::nullopt;
    }
    text = trimmed(text.substr(0, slash));
  }
  const std::size_t dash = text.find('-');
  if (dash == std::string_view::npos) return std::nullopt;
  const auto first = parse_number(trimmed(text.substr(0, dash)));
  const auto last = parse_number(trimmed(text.substr(dash + 1)));
  // The largest number stands for "too large to be true": its length would not fit.
  if (!first || !last || *last < *first || *last == std::numeric_limits<std::uint64_t>::max()) return std::nullopt;
  if (range.total && *last >= *range.total) return std::nullopt;
  range.first = *first;
  range.last = *last;
  return range;
}

Response ranged_response(const Request& request, Representation representation, RangeLimits limits) {
  const std::uint64_t size = representation.bytes.size();
  RangeSelection selection;
  const auto field = request.headers.find("Range");
  if (field && request.method == Method::get && if_range_holds(request.headers, representation.entity_tag)) {
    selection = select_ranges(*field, size, limits);
  }
  Response response;
  switch (selection.outcome) {
    case RangeOutcome::whole:
      response.headers.add("Content-Type", std::move(representation.content_type));
      response.body = BodyPieces{std::move(representation.bytes)};
      break;
    case RangeOutcome::partial:
      if (selection.ranges.size() > 1) {
        response = multipart(request.request_id, representation, selection.ranges);
        break;
      }
      response.status = 206;
      response.headers.add("Content-Type", std::move(representation.content_type));
      response.headers.add("Content-Range", content_range(selection.ranges[0], size));
      response.body = BodyPieces{representation.bytes.slice(selection.ranges[0].offset, selection.ranges[0].length)};
      break;
    case RangeOutcome::unsatisfiable:
      response = Response::text(416, "text/plain; charset=utf-8", "the range lies outside of the content\n");
      response.headers.add("Content-Range", fmt::format("bytes */{}", size));
      break;
  }
  response.headers.add("Accept-Ranges", "bytes");
  if (!representation.entity_tag.empty()) response.headers.add("ETag", quoted_tag(representation.entity_tag));
  return response;
}

}  // namespace berth::http
