// TokenScope: what a token is asked for (Docker's token scope specification): `repository:team/app:pull,push`. Pure.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace berth {

struct TokenScope {
  std::string type;  ///< "repository", "registry"
  std::string name;
  std::vector<std::string> actions;  ///< in the order they were asked for, none twice
};

/// Scopes separated by spaces. A name may hold colons ("host:5000/app"). What is none is left out, as token services
/// do: the token just is not for it. Scopes of one resource become one. At most a hundred.
std::vector<TokenScope> parse_token_scopes(std::string_view text);

/// `repository:a:pull,push registry:catalog:*`
std::string to_string(const std::vector<TokenScope>& scopes);

}  // namespace berth
