#include "content/repository_name.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "content/printable.h"

namespace berth {
namespace {

constexpr std::size_t kMaxNameBytes = 255;
constexpr std::size_t kMaxTagBytes = 128;

constexpr std::uint8_t kInComponent = 1;  // [a-z0-9]
constexpr std::uint8_t kInTag = 2;        // [a-zA-Z0-9._-]
constexpr std::array<std::uint8_t, 256> kClasses = [] {
  std::array<std::uint8_t, 256> classes{};
  const auto mark = [&](char first, char last, std::uint8_t bits) {
    for (char c = first; c <= last; ++c) classes[static_cast<unsigned char>(c)] |= bits;
  };
  mark('a', 'z', kInComponent | kInTag);
  mark('0', '9', kInComponent | kInTag);
  mark('A', 'Z', kInTag);
  for (const char c : {'_', '.', '-'}) mark(c, c, kInTag);
  return classes;
}();

bool is_in(std::uint8_t char_class, char c) {
  return (kClasses[static_cast<unsigned char>(c)] & char_class) != 0;
}

bool is_repository_name(std::string_view text) {
  const std::size_t end = text.size();
  std::size_t i = 0;
  for (;;) {
    // Here a run of [a-z0-9] must begin: at the start, after "/", after a separator.
    if (i == end || !is_in(kInComponent, text[i])) return false;
    do {
      ++i;
    } while (i != end && is_in(kInComponent, text[i]));
    if (i == end) return true;
    switch (text[i++]) {
      case '/':
      case '.':
        break;
      case '_':
        if (i != end && text[i] == '_') ++i;
        break;
      case '-':
        while (i != end && text[i] == '-') ++i;
        break;
      default:
        return false;
    }
  }
}

}  // namespace

Result<RepositoryName> RepositoryName::parse(std::string_view text) {
  if (text.size() > kMaxNameBytes) {
    return refuse(ErrorCode::name_invalid,
                  "repository name is longer than 255 characters: \"" + printable(text) + "\"");
  }
  if (!is_repository_name(text)) {
    return refuse(ErrorCode::name_invalid,
                  "\"" + printable(text) + "\" is not a repository name: lower-case letters and digits, separated by " +
                      "one \".\", \"_\", \"__\" or any number of \"-\", in components separated by \"/\"");
  }
  return RepositoryName(std::string(text));
}

Result<Tag> Tag::parse(std::string_view text) {
  bool is_tag = !text.empty() && text.size() <= kMaxTagBytes && text.front() != '.' && text.front() != '-';
  for (const char c : text.substr(0, kMaxTagBytes)) is_tag = is_tag && is_in(kInTag, c);
  if (!is_tag) {
    return refuse(ErrorCode::tag_invalid,
                  "\"" + printable(text) + "\" is not a tag: at most 128 letters, digits, \"_\", \".\", \"-\", the " +
                      "first not \".\" or \"-\"");
  }
  return Tag(std::string(text));
}

}  // namespace berth
