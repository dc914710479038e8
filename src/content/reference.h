// Reference: the last path segment of a manifest request: a tag or a digest.
#pragma once

#include <string_view>
#include <variant>

#include "content/digest.h"
#include "content/repository_name.h"

namespace berth {

using Reference = std::variant<Tag, Digest>;

/// With a ":" it is a digest (else digest_invalid), without one a tag (else tag_invalid).
Result<Reference> parse_reference(std::string_view text);

}  // namespace berth
