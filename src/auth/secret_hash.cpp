#include "auth/secret_hash.h"

#include <argon2.h>
#include <crypt.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <span>

#include "auth/equal_secrets.h"
#include "base/failure.h"

namespace berth {
namespace {

constexpr const char* kYescryptPrefix = "$y$";  // as libcrypt wants it
constexpr std::string_view kYescrypt = kYescryptPrefix;
constexpr std::string_view kArgon2id = "$argon2id$v=19$";
constexpr std::size_t kLongestHash = 255;
// 17 takes ten seconds for one password.
constexpr unsigned kLeastBcryptCost = 4;
constexpr unsigned kMostBcryptCost = 17;
constexpr unsigned kMostArgon2KiB = 1024 * 1024;
constexpr unsigned kMostArgon2Passes = 64;
constexpr unsigned kMostArgon2Lanes = 16;

bool is_crypt_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '/';
}

bool has_crypt_letters(std::string_view text) {
  return !text.empty() && std::ranges::all_of(text, is_crypt_letter);
}

/// "$y$j9T$<salt>$<43 letters>". The parameters are those that crypt_gensalt writes for the costs of its scale; others
/// could ask for any amount of memory.
bool is_yescrypt(std::string_view stored) {
  constexpr std::size_t kHashSize = 43;
  stored.remove_prefix(kYescrypt.size());
  constexpr std::string_view kParameters[] = {"j75", "j85", "j7T", "j8T", "j9T", "jAT",
                                              "jBT", "jCT", "jDT", "jET", "jFT"};
  if (stored.size() < 4 || std::ranges::find(kParameters, stored.substr(0, 3)) == std::end(kParameters)) return false;
  if (stored[3] != '$') return false;
  stored.remove_prefix(4);
  const std::size_t end = stored.find('$');
  if (end == std::string_view::npos || !has_crypt_letters(stored.substr(0, end))) return false;
  stored.remove_prefix(end + 1);
  return stored.size() == kHashSize && has_crypt_letters(stored);
}

std::optional<unsigned> take_number(std::string_view& text, std::string_view before) {
  if (!text.starts_with(before)) return std::nullopt;
  text.remove_prefix(before.size());
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc()) return std::nullopt;
  text.remove_prefix(static_cast<std::size_t>(end - text.data()));
  return number;
}

/// "$2b$10$<22 letters of salt><31 of hash>"; the cost, or nothing.
std::optional<unsigned> bcrypt_cost(std::string_view stored) {
  constexpr std::size_t kPrefixSize = 7;
  if (stored.size() != kPrefixSize + 22 + 31 || (stored[2] != 'a' && stored[2] != 'b' && stored[2] != 'y')) return {};
  if (!has_crypt_letters(stored.substr(kPrefixSize)) || stored[6] != '$') return {};
  std::string_view number = stored.substr(0, 6);
  return take_number(number, stored.substr(0, 4));
}

std::string crypt_blocking(const std::string& password, const std::string& setting) {
  const auto data = std::make_unique<crypt_data>();
  const char* const made = ::crypt_rn(password.c_str(), setting.c_str(), data.get(), sizeof(crypt_data));
  std::string hash = made == nullptr ? std::string() : std::string(made);
  ::explicit_bzero(data.get(), sizeof(crypt_data));
  return hash;
}

std::string setting_of(SecretCost cost, std::span<const char> salt) {
  std::array<char, CRYPT_GENSALT_OUTPUT_SIZE> setting{};
  const char* const made =
      ::crypt_gensalt_rn(kYescryptPrefix, cost.yescrypt, salt.data(), static_cast<int>(salt.size()), setting.data(),
                         static_cast<int>(setting.size()));
  if (made == nullptr) {
    throw Failure(FailureKind::internal,
                  fmt::format("this system's libcrypt makes no yescrypt of cost {}", cost.yescrypt));
  }
  return made;
}

}  // namespace

std::expected<SecretMethod, std::string> parse_secret_hash(std::string_view stored) {
  if (stored.size() > kLongestHash) return std::unexpected("is longer than any hash of a password");
  if (stored.starts_with(kYescrypt)) {
    if (is_yescrypt(stored)) return SecretMethod::yescrypt;
    return std::unexpected("is no yescrypt hash as crypt(5) writes it");
  }
  if (stored.starts_with("$2")) {
    const std::optional<unsigned> cost = bcrypt_cost(stored);
    if (!cost) return std::unexpected("is no bcrypt hash ($2a$, $2b$ or $2y$)");
    if (*cost >= kLeastBcryptCost && *cost <= kMostBcryptCost) return SecretMethod::bcrypt;
    return std::unexpected(
        fmt::format("is bcrypt of cost {}; {} to {} are taken", *cost, kLeastBcryptCost, kMostBcryptCost));
  }
  if (stored.starts_with(kArgon2id)) {
    std::string_view rest = stored.substr(kArgon2id.size());
    const auto memory = take_number(rest, "m=");
    const auto passes = take_number(rest, ",t=");
    const auto lanes = take_number(rest, ",p=");
    if (!memory || !passes || !lanes || !rest.starts_with('$')) return std::unexpected("is no argon2id hash");
    if (*memory <= kMostArgon2KiB && *passes <= kMostArgon2Passes && *lanes <= kMostArgon2Lanes) {
      return SecretMethod::argon2id;
    }
    return std::unexpected("is argon2id of a higher cost than is taken (m=1048576,t=64,p=16)");
  }
  return std::unexpected("is not a hash of yescrypt ($y$), bcrypt ($2b$) or argon2id ($argon2id$v=19$)");
}

std::string hash_password_blocking(const std::string& password, SecretCost cost, Entropy& entropy) {
  std::array<char, 16> salt{};
  entropy.fill(std::as_writable_bytes(std::span(salt)));
  std::string hash = crypt_blocking(password, setting_of(cost, salt));
  if (password.find('\0') != std::string::npos || !parse_secret_hash(hash)) {
    throw Failure(FailureKind::internal, "this system's libcrypt refuses the password");
  }
  return hash;
}

bool is_password_blocking(const std::string& password, const std::string& stored) {
  const auto method = parse_secret_hash(stored);
  if (!method) return false;
  if (*method == SecretMethod::argon2id) {
    return ::argon2id_verify(stored.c_str(), password.data(), password.size()) == ARGON2_OK;
  }
  const std::string made = crypt_blocking(password, stored);
  // A function in C stops at a NUL, and then a longer password would be taken for its beginning.
  return are_equal_secrets(made, stored) && password.find('\0') == std::string::npos;
}

std::string hash_of_nobody(SecretCost cost) {
  constexpr std::array<char, 16> kSalt{};
  // 43 letters that end with bits no hash has.
  return setting_of(cost, kSalt) + "$" + std::string(43, 'z');
}

}  // namespace berth
