// RepositoryName and Tag: parsed at the door, trusted below (distribution-spec, Pulling manifests).
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace berth {

/// `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*` components joined by "/", at most 255 characters in all.
class RepositoryName {
 public:
  static Result<RepositoryName> parse(std::string_view text);  ///< else name_invalid
  const std::string& text() const { return text_; }
  auto operator<=>(const RepositoryName&) const = default;  // bytewise, the order of the catalog

 private:
  explicit RepositoryName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

/// `[a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}`
class Tag {
 public:
  static Result<Tag> parse(std::string_view text);  ///< else tag_invalid
  const std::string& text() const { return text_; }
  auto operator<=>(const Tag&) const = default;  // bytewise, the order of the tag list

 private:
  explicit Tag(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace berth

template <>
struct std::hash<berth::RepositoryName> {
  std::size_t operator()(const berth::RepositoryName& name) const noexcept {
    return std::hash<std::string>()(name.text());
  }
};
template <>
struct std::hash<berth::Tag> {
  std::size_t operator()(const berth::Tag& tag) const noexcept { return std::hash<std::string>()(tag.text()); }
};
