// The class of a manifest, as policy.repository.classes names it: by its config's media type, as Distribution does.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "content/manifest.h"

namespace berth {

/// denied, if `allowed` is not empty and the manifest is of no class in it. Indexes are of none and always pass.
Result<void> check_manifest_class(const Manifest& manifest, const std::vector<std::string>& allowed);

}  // namespace berth
