// DirectoryReader: the names in a directory, one after another.
#pragma once

#include <dirent.h>

#include <memory>
#include <optional>
#include <string>

namespace berth {

/// Threading: one caller at a time; blocks, for jobs on the disk pool. Throws Failure(storage).
class DirectoryReader {
 public:
  /// A directory that does not exist reads as empty.
  DirectoryReader(int root_fd, std::string path);

  /// The next name, in no order, without "." and "..".
  std::optional<std::string> next();

 private:
  struct Close {
    void operator()(DIR* directory) const { ::closedir(directory); }
  };
  std::string path_;
  std::unique_ptr<DIR, Close> directory_;
};

}  // namespace berth
