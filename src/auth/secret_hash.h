// Passwords as they are stored: yescrypt for new ones, through libxcrypt; bcrypt and argon2id are accepted, so that
// users can be brought along from elsewhere without being asked for their passwords. The stored text names method and
// cost, in the form of crypt(5): a higher cost in the settings holds for the next password, and older ones still open.
#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "base/entropy.h"

namespace berth {

enum class SecretMethod { yescrypt, bcrypt, argon2id };

/// Each step doubles the time. Of yescrypt's own scale: 5 takes about 60 ms and 16 MiB, 11 six seconds and 1 GiB.
struct SecretCost {
  unsigned yescrypt = 5;
};
inline constexpr unsigned kLeastYescryptCost = 1;
inline constexpr unsigned kMostYescryptCost = 11;

/// libxcrypt takes no longer ones.
inline constexpr std::size_t kLongestPassword = 511;

/// The method of a stored secret, or the reason why it is not taken: an unknown method, a damaged text, or a cost that
/// would let one login stop the registry.
std::expected<SecretMethod, std::string> parse_secret_hash(std::string_view stored);

/// Blocks, as long as the cost says. `password` has at most kLongestPassword bytes, none of them NUL.
std::string hash_password_blocking(const std::string& password, SecretCost cost, Entropy& entropy);

/// Blocks, as long as the stored cost says. Compares in a time that does not depend on where two hashes differ.
bool is_password_blocking(const std::string& password, const std::string& stored);

/// What passwords of nobody are compared with: its computation costs what a new user's does, and no password opens it.
std::string hash_of_nobody(SecretCost cost);

}  // namespace berth
