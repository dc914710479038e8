// Url: where a request goes: "https://registry.example:5000/v2/".
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

struct Url {
  bool is_tls = true;
  std::string host;  ///< without brackets
  std::uint16_t port = 443;
  std::string target = "/";  ///< path and query

  /// http and https, without user and fragment; nothing for anything else.
  static std::optional<Url> parse(std::string_view text);
  /// What a Location says that was answered to a request for this: absolute, or a path.
  std::optional<Url> resolve(std::string_view location) const;

  /// "https://registry.example:5000"
  std::string origin() const;
  /// For the field Host: the port only if it is not the scheme's.
  std::string authority() const;
  bool has_same_origin(const Url& other) const {
    return is_tls == other.is_tls && host == other.host && port == other.port;
  }
};

}  // namespace berth
