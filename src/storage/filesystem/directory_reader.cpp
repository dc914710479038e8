#include "storage/filesystem/directory_reader.h"

#include <cerrno>
#include <string_view>

#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"

namespace berth {

DirectoryReader::DirectoryReader(int root_fd, std::string path) : path_(std::move(path)) {
  auto opened = file_io::open_at_blocking(root_fd, path_, O_RDONLY | O_DIRECTORY);
  if (!opened) {
    if (opened.error() == ENOENT) return;
    throw storage_failure("open " + path_, opened.error());
  }
  directory_.reset(::fdopendir(opened->get()));
  if (!directory_) throw storage_failure("read " + path_, errno);
  opened->release();
}

std::optional<std::string> DirectoryReader::next() {
  while (directory_) {
    errno = 0;
    // Safe since nobody else reads this stream.
    const dirent* entry = ::readdir(directory_.get());  // NOLINT(concurrency-mt-unsafe)
    if (entry == nullptr) {
      if (errno != 0) throw storage_failure("read " + path_, errno);
      return std::nullopt;
    }
    const std::string_view name(entry->d_name);
    if (name != "." && name != "..") return std::string(name);
  }
  return std::nullopt;
}

}  // namespace berth
