#include <dirent.h>
#include <unistd.h>

#include <cerrno>

#include "storage/filesystem/directory_reader.h"
#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/filesystem/volume.h"
#include "storage/layout.h"

namespace berth {
namespace {

constexpr std::string_view kSuffix = ".berth-tmp";

bool is_temporary_name(std::string_view name) {
  return name.size() > kSuffix.size() && name.ends_with(kSuffix);
}

}  // namespace

Volume::Temporary::Temporary(Volume& volume)
    : volume_(volume),
      name_(random_uuid(volume.entropy_).append(kSuffix)),
      path_(std::string(layout::kTemporary) + "/" + name_) {
  {
    const std::scoped_lock lock(volume_.mutex_);
    volume_.live_temporaries_.insert(name_);
  }
  std::optional<Failure> failure;
  try {
    auto file = volume_.open_own_file_blocking(layout::kTemporary, name_, O_CREAT | O_EXCL);
    if (file) {
      file_ = std::move(*file);
      return;
    }
    failure = storage_failure("create " + path_, file.error());
  } catch (const Failure& error) {
    failure = error;
  }
  const std::scoped_lock lock(volume_.mutex_);
  volume_.live_temporaries_.erase(name_);
  throw *failure;
}

Volume::Temporary::~Temporary() {
  if (!is_released_) ::unlinkat(volume_.root_.get(), path_.c_str(), 0);
  const std::scoped_lock lock(volume_.mutex_);
  volume_.live_temporaries_.erase(name_);
}

void Volume::Temporary::write_durably_blocking(std::string_view bytes) {
  if (const auto error = file_io::write_all_blocking(file_.get(), std::as_bytes(std::span(bytes)), 0)) {
    throw storage_failure("write " + path_, *error);
  }
  if (const auto error = file_io::sync_data_blocking(file_.get())) throw storage_failure("fsync " + path_, *error);
}

std::size_t Volume::remove_stale_temporaries_blocking(WallTime older_than) {
  std::size_t removed = 0;
  DirectoryReader reader(root_.get(), std::string(layout::kTemporary));
  while (const std::optional<std::string> name = reader.next()) {
    if (!is_temporary_name(*name)) continue;
    {
      const std::scoped_lock lock(mutex_);
      if (live_temporaries_.contains(*name)) continue;
    }
    const std::string path = std::string(layout::kTemporary) + "/" + *name;
    struct stat status;
    if (::fstatat(root_.get(), path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(status.st_mode)) continue;
    if (file_io::modified_time(status) >= older_than) continue;
    if (::unlinkat(root_.get(), path.c_str(), 0) == 0) {
      ++removed;
    } else if (errno != ENOENT) {
      throw storage_failure("unlink " + path, errno);
    }
  }
  return removed;
}

}  // namespace berth
