#include "content/reference.h"

namespace berth {

Result<Reference> parse_reference(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    Result<Digest> digest = Digest::parse(text);
    if (!digest) return std::unexpected(std::move(digest.error()));
    return Reference(*digest);
  }
  Result<Tag> tag = Tag::parse(text);
  if (!tag) return std::unexpected(std::move(tag.error()));
  return Reference(std::move(*tag));
}

}  // namespace berth
