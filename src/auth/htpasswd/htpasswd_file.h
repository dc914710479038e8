// The htpasswd file: a line a user, `name:bcrypt`. Pure.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace berth {

struct HtpasswdProblem {
  std::size_t line;    ///< from 1
  std::string reason;  ///< "the password of \"bob\" is not bcrypt: ..."; never holds a hash
};

struct HtpasswdFile {
  /// By name; of two lines for one name the later holds, as in Distribution.
  std::unordered_map<std::string, std::string> hashes;
  /// Lines that are left out.
  std::vector<HtpasswdProblem> problems;
  /// The highest cost in the file: what looking for a name that is not there has to cost, too.
  int highest_cost = 10;

  /// Blank lines and lines that begin with "#" are skipped.
  static HtpasswdFile parse(std::string_view text);
};

}  // namespace berth
