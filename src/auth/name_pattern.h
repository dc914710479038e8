// NamePattern: a glob over repository names and tags.
#pragma once

#include <expected>
#include <string>
#include <string_view>

namespace berth {

/// `*` stands for any run of characters within a segment, `**` for any run across segments; `**/` also for nothing, so
/// that `**/app` is `app`, too. `team/**` is all below `team`, but not `team` itself.
///
/// Threading: immutable. Matching allocates nothing and takes time in the length of name times pattern at most.
class NamePattern {
 public:
  /// The value, or the reason why nothing could ever match it.
  static std::expected<NamePattern, std::string> parse_repository(std::string_view text);
  static std::expected<NamePattern, std::string> parse_tag(std::string_view text);

  bool matches(std::string_view name) const;

  const std::string& text() const { return text_; }
  /// What every name that matches begins with: all before the first `*`.
  std::string_view literal_prefix() const { return std::string_view(text_).substr(0, literal_size_); }
  /// There is no `*`: only one name matches.
  bool is_literal() const { return literal_size_ == text_.size(); }
  /// `**`: every name matches.
  bool is_everything() const { return text_ == "**"; }

  bool operator==(const NamePattern& other) const { return text_ == other.text_; }

 private:
  explicit NamePattern(std::string text);

  std::string text_;
  std::size_t literal_size_;
};

}  // namespace berth
