// UrlPolicy: which urls a layer may name (validation.manifests.urls).
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "base/result.h"

namespace berth {

/// Threading: any thread.
class UrlPolicy {
 public:
  /// Regular expressions (ECMAScript), searched for anywhere in a URL, as Go's are. Throws Failure(internal) on one
  /// that does not compile: the configuration is checked before.
  UrlPolicy(const std::vector<std::string>& allow, const std::vector<std::string>& deny);
  ~UrlPolicy();
  UrlPolicy(const UrlPolicy&) = delete;
  UrlPolicy& operator=(const UrlPolicy&) = delete;

  /// A URL longer than 4 KiB, or one that a pattern takes too long to decide, is not allowed.
  bool allows(const std::string& url) const;

 private:
  struct Patterns;
  std::unique_ptr<Patterns> patterns_;
};

}  // namespace berth
