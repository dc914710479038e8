#include "http/server_names.h"

#include <algorithm>

namespace berth::http {
namespace {

std::string in_lower_case(std::string_view name) {
  std::string lower(name);
  std::ranges::transform(lower, lower.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  // A fully qualified name ends with a dot; certificates have none.
  if (lower.ends_with('.')) lower.pop_back();
  return lower;
}

}  // namespace

void ServerNames::add(std::string_view name, std::size_t certificate) {
  certificates_.emplace(in_lower_case(name), certificate);
}

std::optional<std::size_t> ServerNames::find(std::string_view name) const {
  const std::string lower = in_lower_case(name);
  if (const auto exact = certificates_.find(lower); exact != certificates_.end()) return exact->second;
  const std::size_t dot = lower.find('.');
  if (dot == std::string::npos || dot == 0) return std::nullopt;
  const auto wildcard = certificates_.find("*" + lower.substr(dot));
  if (wildcard == certificates_.end()) return std::nullopt;
  return wildcard->second;
}

}  // namespace berth::http
