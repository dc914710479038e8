// The reference page of the configuration, made from the declarations: `berth config doc` and docs/configuration.md.
#pragma once

#include <string>

namespace berth {

/// Markdown, the same on every machine. A test holds docs/configuration.md to it.
std::string config_document();

}  // namespace berth
