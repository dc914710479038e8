// bcrypt, the one kind of password that htpasswd files hold for a registry: computed by libxcrypt.
#pragma once

#include <string>
#include <string_view>

#include "base/entropy.h"

namespace berth {

/// Cost factors (logarithms) that are taken: 4 is the format's least; 17 takes ten seconds for one password.
inline constexpr int kLeastBcryptCost = 4;
inline constexpr int kMostBcryptCost = 17;

/// The cost of a bcrypt hash ("$2a$", "$2b$" or "$2y$", cost, 22 characters of salt, 31 of hash), or -1 if it is none.
int bcrypt_cost(std::string_view hash);

/// Whether it is that hash's password. Blocks for as long as the cost says (100 ms at 10 to 11). Only the first 72
/// bytes count, as everywhere. `hash` has been held against bcrypt_cost().
bool is_bcrypt_password_blocking(const std::string& password, const std::string& hash);

/// A new hash with a salt of its own. Blocks.
std::string make_bcrypt_blocking(const std::string& password, int cost, Entropy& entropy);

}  // namespace berth
