// Reading one descriptor of a manifest (image-spec, descriptor.md).
#pragma once

#include <string>

#include "base/result.h"
#include "content/json_document.h"
#include "content/manifest.h"

namespace berth {

/// `field` is where the value stands ("layers[2]") and begins every refusal. Required: mediaType, digest, size. Checked
/// if there: `data` (base64 of content with that digest and size), urls, annotations, platform. Refuses with
/// manifest_invalid, digest_invalid for a digest that is malformed or of an algorithm that is not in the table.
Result<Descriptor> read_descriptor(const JsonValue& value, std::string field);

}  // namespace berth
