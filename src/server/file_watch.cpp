#include "server/file_watch.h"

#include <sys/stat.h>

#include <utility>

namespace berth {

FileWatch::FileWatch(std::vector<std::string> paths) : paths_(std::move(paths)) {
  for (const std::string& path : paths_) stamps_.push_back(stamp_of(path, Stamp()));
}

bool FileWatch::has_changed() {
  bool changed = false;
  for (std::size_t i = 0; i < paths_.size(); ++i) {
    const Stamp now = stamp_of(paths_[i], stamps_[i]);
    changed = changed || now != stamps_[i];
    stamps_[i] = now;
  }
  return changed;
}

FileWatch::Stamp FileWatch::stamp_of(const std::string& path, const Stamp& before) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return before;
  return {info.st_ino, info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_size};
}

}  // namespace berth
