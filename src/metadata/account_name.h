// AccountName: what users, groups and robots are called. Parsed at the door, trusted below.
#pragma once

#include <compare>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace berth {

/// A letter, digit or "_", then letters, digits and `._@+-`: at most 128 characters. Letter case counts. So a name
/// needs no quoting in Basic credentials, in a URL's segment, in a rule or in a log line, and can be a mail address.
/// Users, groups and robots have separate names: user `ci` and robot `ci` are two.
class AccountName {
 public:
  static Result<AccountName> parse(std::string_view text);  ///< else request_invalid
  const std::string& text() const { return text_; }
  auto operator<=>(const AccountName&) const = default;  // bytewise, the order of every list

 private:
  explicit AccountName(std::string text) : text_(std::move(text)) {}
  std::string text_;
};

}  // namespace berth

template <>
struct std::hash<berth::AccountName> {
  std::size_t operator()(const berth::AccountName& name) const noexcept {
    return std::hash<std::string>()(name.text());
  }
};
