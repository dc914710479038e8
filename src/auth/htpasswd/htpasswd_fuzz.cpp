// Fuzzes files of passwords. What is taken is bcrypt that can be computed; what is left out is named by its line,
// without its hash. Nothing is computed here: that takes milliseconds for each.
#include <algorithm>
#include <cstdint>
#include <string_view>

#include "auth/htpasswd/bcrypt.h"
#include "auth/htpasswd/htpasswd_file.h"
#include "tests/support/require.h"

namespace berth {
namespace {

void check(std::string_view text) {
  const HtpasswdFile file = HtpasswdFile::parse(text);
  const auto line_count = static_cast<std::size_t>(std::ranges::count(text, '\n')) + 1;
  int highest = 0;
  for (const auto& [name, hash] : file.hashes) {
    require(!name.empty() && name.find_first_of(":\n") == name.npos, "a name is what stands before the colon");
    require(text.find(name + ":" + hash) != text.npos, "a user stands in the file");
    require(hash.size() == 60 && hash.starts_with("$2"), "a hash has bcrypt's form");
    const int cost = bcrypt_cost(hash);
    require(cost >= kLeastBcryptCost && cost <= kMostBcryptCost, "a cost that is not taken");
    highest = std::max(highest, cost);
  }
  require(file.highest_cost >= highest && file.highest_cost <= kMostBcryptCost, "the cost of names that are not there");
  require(file.hashes.size() + file.problems.size() <= line_count, "a line is one user or one problem");
  std::size_t before = 0;
  for (const HtpasswdProblem& problem : file.problems) {
    require(problem.line > before && problem.line <= line_count, "problems have lines, in order");
    before = problem.line;
    const bool is_printable =
        std::ranges::none_of(problem.reason, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
    require(!problem.reason.empty() && problem.reason.size() < 500 && is_printable, "a problem's words");
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  berth::check({reinterpret_cast<const char*>(data), size});
  return 0;
}
