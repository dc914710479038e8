// Preconditions of a tag's change: If-Match and If-None-Match (RFC 9110, 13.1) as the commit checks them.
#pragma once

#include "base/result.h"
#include "metadata/metadata_store.h"
#include "net/headers.h"

namespace berth {

/// precondition_failed at once for an If-Match that no manifest can fulfil (weak tags, tags that are not digests).
Result<TagPrecondition> read_tag_precondition(const Headers& headers);

}  // namespace berth
