// FileWatch: notices that files changed, by looking. Polling, since inotify misses what is swapped in by a symlink of
// another directory, which is how orchestrators deliver certificates.
#pragma once

#include <cstdint>
#include <string>
#include <tuple>
#include <vector>

namespace berth {

/// Threading: one caller at a time.
class FileWatch {
 public:
  explicit FileWatch(std::vector<std::string> paths);
  /// True if a file is another one than at the last call (or at construction). A file that is gone counts as unchanged:
  /// it is being replaced.
  bool has_changed();

 private:
  using Stamp = std::tuple<std::uint64_t, std::int64_t, std::int64_t, std::int64_t>;  // inode, seconds, nanoseconds, size
  static Stamp stamp_of(const std::string& path, const Stamp& before);

  std::vector<std::string> paths_;
  std::vector<Stamp> stamps_;
};

}  // namespace berth
