#include "auth/htpasswd/htpasswd_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

#include "auth/htpasswd/bcrypt.h"
#include "content/printable.h"

namespace berth {
namespace {

std::string_view trimmed(std::string_view line) {
  constexpr std::string_view kSpace = " \t\r\v\f";
  const std::size_t first = line.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return line.substr(first, line.find_last_not_of(kSpace) - first + 1);
}

/// What `htpasswd` was told to do, by what it left.
std::string_view kind_of(std::string_view hash) {
  if (hash.starts_with("$apr1$") || hash.starts_with("$1$")) return "MD5";
  if (hash.starts_with("{SHA}") || hash.starts_with("$5$") || hash.starts_with("$6$")) return "SHA";
  if (hash.starts_with("$2")) return "damaged";
  return "crypt or plain text";
}

std::optional<std::string> fault_of(std::string_view name, std::string_view hash, int cost) {
  if (cost < 0) {
    return fmt::format("the password of \"{}\" is not bcrypt but {}: set it again with htpasswd -B", printable(name),
                       kind_of(hash));
  }
  if (cost < kLeastBcryptCost || cost > kMostBcryptCost) {
    return fmt::format("the password of \"{}\" has a bcrypt cost of {}: it must be {} to {}", printable(name), cost,
                       kLeastBcryptCost, kMostBcryptCost);
  }
  return std::nullopt;
}

}  // namespace

HtpasswdFile HtpasswdFile::parse(std::string_view text) {
  HtpasswdFile file;
  int highest = 0;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = trimmed(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    if (line.empty() || line.front() == '#') continue;
    const std::size_t colon = line.find(':');
    if (colon == std::string_view::npos || colon == 0) {
      file.problems.push_back({number, "not of the form name:hash"});
      continue;
    }
    const std::string_view name = line.substr(0, colon);
    const std::string_view hash = line.substr(colon + 1);
    const int cost = bcrypt_cost(hash);
    if (std::optional<std::string> fault = fault_of(name, hash, cost)) {
      file.problems.push_back({number, std::move(*fault)});
      file.hashes.erase(std::string(name));  // an earlier line of that name is overruled all the same
      continue;
    }
    highest = std::max(highest, cost);
    file.hashes.insert_or_assign(std::string(name), std::string(hash));
  }
  if (highest > 0) file.highest_cost = highest;
  return file;
}

}  // namespace berth
