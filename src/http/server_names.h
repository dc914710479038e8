// ServerNames: which of several certificates a client gets, by the name it asks for (RFC 6066, Server Name Indication).
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace berth::http {

/// Threading: immutable once filled.
class ServerNames {
 public:
  /// A name that a certificate holds for: "registry.example.com", or "*.example.com" for one label. The first
  /// certificate that holds for a name has it.
  void add(std::string_view name, std::size_t certificate);

  /// The certificate for a name, in any letter case; an exact name goes before a wildcard. Nothing: none holds for it.
  std::optional<std::size_t> find(std::string_view name) const;

 private:
  std::unordered_map<std::string, std::size_t> certificates_;  ///< by name in lower case
};

}  // namespace berth::http
