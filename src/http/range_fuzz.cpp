// Fuzzes Range, If-Range, the lists of If-None-Match and the Content-Range of chunks. What is selected must lie inside
// of the content and apart from each other, and an answer's pieces must add up to what its fields say.
#include <cstdint>
#include <string_view>

#include "http/entity_tag.h"
#include "http/range.h"
#include "tests/support/require.h"

namespace berth::http {
namespace {

void check_selection(std::string_view field, std::uint64_t size) {
  const RangeSelection selection = select_ranges(field, size);
  require(selection.ranges.empty() == (selection.outcome != RangeOutcome::partial), "ranges without 206");
  require(selection.ranges.size() <= RangeLimits().part_count, "too many parts");
  std::uint64_t end = 0;
  bool is_first = true;
  for (const ByteRange& range : selection.ranges) {
    require(range.length > 0, "an empty part");
    require(is_first || range.offset > end, "parts overlap or touch");
    require(range.offset < size && range.length <= size - range.offset, "a part lies outside");
    end = range.offset + range.length;
    is_first = false;
  }
}

void check_answer(std::string_view field) {
  Request request;
  request.headers.add("Range", std::string(field));
  const Response response = ranged_response(request, {SharedBytes("0123456789"), "text/plain", "tag"});
  std::uint64_t length = 0;
  for (const ByteSource& piece : std::get<BodyPieces>(response.body)) length += piece.size();
  const auto where = response.headers.find("Content-Range");
  if (response.status == 200) require(length == 10 && !where, "200 is the whole");
  if (response.status == 206 && where) {
    const auto range = parse_chunk_range(*where);
    require(range && range->length() == length && range->total == 10, "Content-Range is the body's");
  }
  if (response.status == 416) require(where == "bytes */10", "416 says the size");
}

void check_chunk(std::string_view text) {
  const auto range = parse_chunk_range(text);
  if (!range) return;
  require(range->last >= range->first && range->length() > 0, "a chunk has bytes");
  require(!range->total || range->last < *range->total, "a chunk lies inside");
}

void check_tags(std::string_view text) {
  const EntityTagList list = EntityTagList::parse(text);
  if (list.matches_strongly("tag")) require(list.matches_weakly("tag"), "strong is weak, too");
  if (list.matches_weakly("tag")) require(list.is_present(), "what matches is there");
  require(EntityTagList::parse(quoted_tag("tag")).matches_strongly("tag"), "what we write we read");
}

}  // namespace
}  // namespace berth::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace berth::http;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  for (const std::uint64_t content_size : {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{10}, UINT64_MAX}) {
    check_selection(text, content_size);
  }
  check_answer(text);
  check_chunk(text);
  check_tags(text);
  return 0;
}
