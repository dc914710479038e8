#include "http/request.h"

#include <algorithm>
#include <array>

#include "http/target.h"

namespace berth::http {

std::string_view to_string(Method method) {
  switch (method) {
    case Method::get:
      return "GET";
    case Method::head:
      return "HEAD";
    case Method::post:
      return "POST";
    case Method::put:
      return "PUT";
    case Method::patch:
      return "PATCH";
    case Method::del:
      return "DELETE";
    case Method::options:
      return "OPTIONS";
    case Method::other:
      return "other";
  }
  return "other";
}

Method parse_method(std::string_view name) {
  constexpr std::array kMethods = {Method::get,   Method::head, Method::post,   Method::put,
                                   Method::patch, Method::del,  Method::options};
  for (const Method method : kMethods) {
    if (to_string(method) == name) return method;
  }
  return Method::other;
}

std::optional<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    std::string pair(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (pair.empty()) continue;
    std::ranges::replace(pair, '+', ' ');
    const std::size_t equals = pair.find('=');
    auto name = decode_once(std::string_view(pair).substr(0, equals));
    if (!name) return std::nullopt;
    std::optional<std::string> value = std::string();
    if (equals != std::string::npos) value = decode_once(std::string_view(pair).substr(equals + 1));
    if (!value) return std::nullopt;
    query.parameters_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string_view> Query::find(std::string_view name) const {
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) return value;
  }
  return std::nullopt;
}

std::vector<std::string_view> Query::find_all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [parameter, value] : parameters_) {
    if (parameter == name) values.push_back(value);
  }
  return values;
}

}  // namespace berth::http
