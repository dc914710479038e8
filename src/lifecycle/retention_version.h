// TagVersion: a tag read as a semantic version (semver.org 2.0.0, section 11 has the order).
#pragma once

#include <array>
#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// `1.2.3`, `v1.2.3-rc.1`, and `v1.2`, which counts as `1.2.0`. Helm writes the build metadata of a chart's version
/// behind `_`, since a tag has no `+`; it does not count, as semver has it.
///
/// A bare number is none: `v1` moves with the newest 1.x, and `20240131` is a date that would be newer than everything.
/// Nor is what has a leading zero (`2024.01`), as semver has it.
class TagVersion {
 public:
  static std::optional<TagVersion> parse(std::string_view tag);

  /// By precedence: a pre-release comes before its release. Weak, because `v1.2` and `1.2.0` are different tags.
  std::weak_ordering operator<=>(const TagVersion& other) const;
  bool operator==(const TagVersion& other) const { return (*this <=> other) == 0; }

 private:
  TagVersion() = default;
  // Digits as they are written, so that no number is too large.
  std::array<std::string, 3> numbers_{"0", "0", "0"};
  std::vector<std::string> pre_release_;  // empty: a release
};

}  // namespace berth
