#include "registry/url_policy.h"

#include <algorithm>
#include <boost/regex.hpp>

#include "base/failure.h"

namespace berth {

namespace {

constexpr std::size_t kLongestUrl = 4096;

std::vector<boost::regex> compile(const std::vector<std::string>& patterns) {
  std::vector<boost::regex> compiled;
  for (const std::string& pattern : patterns) {
    try {
      compiled.emplace_back(pattern, boost::regex::ECMAScript);
    } catch (const boost::regex_error& error) {
      throw Failure(FailureKind::internal, "\"" + pattern + "\" is not a regular expression: " + error.what());
    }
  }
  return compiled;
}

bool matches_any(const std::string& url, const std::vector<boost::regex>& patterns) {
  return std::ranges::any_of(patterns,
                             [&url](const boost::regex& pattern) { return boost::regex_search(url, pattern); });
}

}  // namespace

struct UrlPolicy::Patterns {
  std::vector<boost::regex> allow;
  std::vector<boost::regex> deny;
};

UrlPolicy::UrlPolicy(const std::vector<std::string>& allow, const std::vector<std::string>& deny)
    : patterns_(std::make_unique<Patterns>(compile(allow), compile(deny))) {}

UrlPolicy::~UrlPolicy() = default;

bool UrlPolicy::allows(const std::string& url) const {
  if (patterns_->allow.empty() && patterns_->deny.empty()) return true;
  if (url.size() > kLongestUrl) return false;
  try {
    if (matches_any(url, patterns_->deny)) return false;
    return patterns_->allow.empty() || matches_any(url, patterns_->allow);
  } catch (const std::exception&) {
    return false;  // Boost gives up on a match that explodes
  }
}

}  // namespace berth
