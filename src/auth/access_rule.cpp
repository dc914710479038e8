#include "auth/access_rule.h"

#include <algorithm>
#include <array>
#include <utility>

#include "content/printable.h"

namespace berth {
namespace {

constexpr std::size_t kLongestName = 255;

constexpr std::array<std::pair<std::string_view, AccessSubject::Kind>, 3> kNamedKinds{
    {{"user:", AccessSubject::Kind::user},
     {"group:", AccessSubject::Kind::group},
     {"robot:", AccessSubject::Kind::robot}}};

template <class T>
void append_all(std::string& text, std::string_view before, const std::vector<T>& items, const auto& text_of) {
  if (items.empty()) return;
  text += before;
  bool is_first = true;
  for (const T& item : items) {
    if (!std::exchange(is_first, false)) text += ',';
    text += text_of(item);
  }
}

}  // namespace

std::expected<AccessSubject, std::string> AccessSubject::parse(std::string_view text) {
  if (text == "anonymous") return AccessSubject{.kind = Kind::anonymous};
  if (text == "authenticated") return AccessSubject{.kind = Kind::authenticated};
  for (const auto& [prefix, kind] : kNamedKinds) {
    if (!text.starts_with(prefix)) continue;
    const std::string_view name = text.substr(prefix.size());
    const bool is_printable =
        std::ranges::all_of(name, [](char c) { return static_cast<unsigned char>(c) > ' ' && c != '\x7f'; });
    if (name.empty() || name.size() > kLongestName || !is_printable) break;
    return AccessSubject{.kind = kind, .name = std::string(name)};
  }
  return std::unexpected("\"" + printable(text) +
                         "\" names nobody (like user:alice, group:ops, robot:ci, authenticated or anonymous)");
}

std::string AccessSubject::text() const {
  switch (kind) {
    case Kind::anonymous:
      return "anonymous";
    case Kind::authenticated:
      return "authenticated";
    case Kind::user:
      return "user:" + name;
    case Kind::group:
      return "group:" + name;
    case Kind::robot:
      return "robot:" + name;
  }
  return {};
}

std::string AccessRule::text() const {
  std::string text = effect == RuleEffect::allow ? "allow " : "deny ";
  text += to_string(actions);
  append_all(text, " to ", subjects, [](const AccessSubject& subject) { return subject.text(); });
  append_all(text, " on ", repositories, [](const NamePattern& pattern) { return pattern.text(); });
  append_all(text, " tags ", tags, [](const NamePattern& pattern) { return pattern.text(); });
  return text;
}

}  // namespace berth
