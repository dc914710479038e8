#include "auth/htpasswd/bcrypt.h"

#include <crypt.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <memory>
#include <span>

#include "base/failure.h"

namespace berth {
namespace {

constexpr std::size_t kPrefixSize = 7;  // "$2y$10$"
constexpr std::size_t kHashSize = kPrefixSize + 22 + 31;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

bool is_bcrypt64(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '/';
}

std::string crypt_blocking(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* const made = ::crypt_r(password.c_str(), setting.c_str(), data.get());
  // A failure token begins with "*": it is no hash of anything.
  return made == nullptr || *made == '*' ? std::string() : std::string(made);
}

// In a time that does not depend on where they differ.
bool is_equal(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

}  // namespace

int bcrypt_cost(std::string_view hash) {
  if (hash.size() != kHashSize || !hash.starts_with("$2") || hash[3] != '$' || hash[6] != '$') return -1;
  if (hash[2] != 'a' && hash[2] != 'b' && hash[2] != 'y') return -1;
  if (!is_digit(hash[4]) || !is_digit(hash[5])) return -1;
  if (!std::ranges::all_of(hash.substr(kPrefixSize), is_bcrypt64)) return -1;
  return (hash[4] - '0') * 10 + (hash[5] - '0');
}

bool is_bcrypt_password_blocking(const std::string& password, const std::string& hash) {
  const std::string made = crypt_blocking(password, hash);
  // A function in C stops at a NUL, and then a longer password would be taken for its beginning.
  return is_equal(made, hash) && password.find('\0') == std::string::npos;
}

std::string make_bcrypt_blocking(const std::string& password, int cost, Entropy& entropy) {
  std::array<char, 16> random{};
  entropy.fill(std::as_writable_bytes(std::span(random)));
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const char* const made =
      ::crypt_gensalt_rn("$2y$", static_cast<unsigned long>(cost), random.data(), static_cast<int>(random.size()),
                         setting.data(), static_cast<int>(setting.size()));
  std::string hash = made == nullptr ? std::string() : crypt_blocking(password, made);
  if (bcrypt_cost(hash) != cost) {
    throw Failure(FailureKind::internal, fmt::format("this system's libcrypt makes no bcrypt of cost {}", cost));
  }
  return hash;
}

}  // namespace berth
