// SocketPath: a unix socket's path that fits into sockaddr_un, however long the real one is.
#pragma once

#include <string>

#include "base/unique_fd.h"

namespace berth {

/// A path of more than 107 bytes does not fit; then the directory is held open and the path leads through
/// /proc/self/fd. Lifetime: text() can be used as long as this lives.
class SocketPath {
 public:
  /// Throws Failure(internal) if the directory of a long path cannot be opened.
  explicit SocketPath(const std::string& path);
  const std::string& text() const { return text_; }

 private:
  UniqueFd directory_;
  std::string text_;
};

}  // namespace berth
