#include "content/cosign_tag.h"

#include <string>

namespace berth {

std::optional<Digest> cosign_subject(const Tag& tag) {
  std::string_view text = tag.text();
  for (const std::string_view suffix : kCosignSuffixes) {
    if (!text.ends_with(suffix)) continue;
    text.remove_suffix(suffix.size());
    const std::size_t dash = text.find('-');
    if (dash == std::string_view::npos) return std::nullopt;
    std::string digest(text);
    digest[dash] = ':';
    const Result<Digest> parsed = Digest::parse(digest);
    if (!parsed) return std::nullopt;
    return *parsed;
  }
  return std::nullopt;
}

std::optional<Tag> cosign_tag(const Digest& subject, std::string_view suffix) {
  std::string text(subject.algorithm_name());
  text += '-';
  text += subject.hex();
  text += suffix;
  Result<Tag> tag = Tag::parse(text);
  if (!tag) return std::nullopt;
  return *std::move(tag);
}

}  // namespace berth
