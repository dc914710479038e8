// accepted_types: what a client's Accept fields say of manifests.
#pragma once

#include <string_view>

#include "content/media_type.h"
#include "net/headers.h"

namespace berth {

/// Old Docker clients: schema 2 is named in Accept and no list is (Distribution's rule: exact types, no wildcards).
/// `fields` are pairs of name and value, as of Headers or of a request's view. Allocates nothing.
template <class Fields>
bool wants_single_image(const Fields& fields) {
  bool names_image = false;
  for (const auto& [name, value] : fields) {
    if (!equals_ignoring_case(name, "Accept")) continue;
    for (std::string_view rest = value; !rest.empty();) {
      const std::size_t comma = rest.find(',');
      std::string_view type = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      type = type.substr(0, type.find(';'));
      while (!type.empty() && (type.front() == ' ' || type.front() == '\t')) type.remove_prefix(1);
      while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.remove_suffix(1);
      if (equals_ignoring_case(type, media_type::kDockerManifestList) ||
          equals_ignoring_case(type, media_type::kOciIndex)) {
        return false;
      }
      names_image = names_image || equals_ignoring_case(type, media_type::kDockerManifest);
    }
  }
  return names_image;
}

}  // namespace berth
