// Cosign's tags: signatures, attestations and SBOMs of a manifest lie under the tag `sha256-<hex>.sig`, `.att`,
// `.sbom`.
#pragma once

#include <array>
#include <optional>
#include <string_view>

#include "content/digest.h"
#include "content/repository_name.h"

namespace berth {

inline constexpr std::array<std::string_view, 3> kCosignSuffixes{".sig", ".att", ".sbom"};

/// The manifest that such a tag is about; nothing if it is a tag like any other.
std::optional<Digest> cosign_subject(const Tag& tag);

/// The tag under which cosign puts what `suffix` stands for; nothing for a digest that is too long for a tag.
std::optional<Tag> cosign_tag(const Digest& subject, std::string_view suffix);

}  // namespace berth
