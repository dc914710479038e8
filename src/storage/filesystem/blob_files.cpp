#include "storage/filesystem/blob_files.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <string_view>
#include <utility>

#include "storage/filesystem/directory_reader.h"
#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

constexpr std::string_view kData = "data";
/// blobs/<algorithm>/<first two hex>/<hex>
constexpr std::size_t kDigestDepth = 2;

/// Names in the directories from blobs/ down to the entry that was seen last.
using Trail = std::vector<std::string>;

Trail trail_of(const FilePosition& position) {
  Trail trail;
  for (std::size_t begin = 0; begin < position.size();) {
    const std::size_t end = std::min(position.find('/', begin), position.size());
    trail.push_back(position.substr(begin, end - begin));
    begin = end + 1;
  }
  return trail;
}

/// One page of the walk.
class Walk {
 public:
  Walk(int root_fd, Trail after, std::size_t limit) : root_fd_(root_fd), after_(std::move(after)), limit_(limit) {}

  StoredFilePage run() {
    descend(0);
    if (is_full_) page_.next = std::move(position_);
    return std::move(page_);
  }

 private:
  /// What stands in the directory that `names_` leads to.
  void descend(std::size_t depth) {
    const bool resumes = depth < after_.size() && std::equal(names_.begin(), names_.end(), after_.begin());
    std::vector<std::string> names = sorted_names(directory());
    for (std::string& name : names) {
      // The last one that was seen is done with, and so is what stands before the way to it.
      if (resumes && (name < after_[depth] || (name == after_[depth] && depth + 1 == after_.size()))) continue;
      if (is_full_) return;
      names_.push_back(std::move(name));
      visit(depth);
      names_.pop_back();
    }
  }

  void visit(std::size_t depth) {
    if (!belongs_here(depth)) {
      add_foreign(directory());
      finish_entry();
    } else if (depth == kDigestDepth) {
      visit_digest();
      finish_entry();
    } else {
      descend(depth + 1);
    }
  }

  bool belongs_here(std::size_t depth) {
    const std::string& name = names_.back();
    bool is_known = false;
    if (depth == 0) is_known = find_hash_algorithm(name).has_value();
    if (depth == 1) is_known = name.size() == 2 && is_hex(name);
    if (depth == 2) is_known = name.starts_with(names_[1]) && Digest::parse(names_[0] + ":" + name).has_value();
    struct stat status;
    return is_known && stat_of(directory(), status) && S_ISDIR(status.st_mode);
  }

  void visit_digest() {
    const std::string own = directory();
    for (const std::string& name : sorted_names(own)) {
      std::string path = own;
      path.append("/").append(name);
      struct stat status;
      if (name == kData && stat_of(path, status) && S_ISREG(status.st_mode)) {
        page_.entries.push_back({.path = path,
                                 .digest = Digest::parse(names_[0] + ":" + names_[2]).value(),
                                 .size_bytes = static_cast<std::uint64_t>(status.st_size)});
      } else {
        add_foreign(path);
      }
    }
  }

  void add_foreign(const std::string& path) {
    struct stat status;
    // Not if it went meanwhile.
    if (::fstatat(root_fd_, path.c_str(), &status, AT_SYMLINK_NOFOLLOW) != 0) return;
    page_.entries.push_back({.path = path, .digest = std::nullopt});
  }

  void finish_entry() {
    is_full_ = page_.entries.size() >= limit_;
    if (!is_full_) return;
    for (const std::string& name : names_) {
      if (!position_.empty()) position_ += '/';
      position_ += name;
    }
  }

  /// As BlobStore opens it: through links.
  bool stat_of(const std::string& path, struct stat& status) const {
    return ::fstatat(root_fd_, path.c_str(), &status, 0) == 0;
  }

  std::string directory() const {
    std::string path(layout::kBlobs);
    for (const std::string& name : names_) path.append("/").append(name);
    return path;
  }

  std::vector<std::string> sorted_names(const std::string& path) const {
    std::vector<std::string> names;
    DirectoryReader reader(root_fd_, path);
    while (std::optional<std::string> name = reader.next()) names.push_back(std::move(*name));
    std::ranges::sort(names);
    return names;
  }

  static bool is_hex(std::string_view text) {
    return text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
  }

  const int root_fd_;
  const Trail after_;
  const std::size_t limit_;
  Trail names_;
  StoredFilePage page_;
  FilePosition position_;
  bool is_full_ = false;
};

}  // namespace

Task<StoredFilePage> FilesystemBlobFiles::list(FilePosition from, std::size_t limit) {
  co_return co_await run_blocking(
      volume_.disk(), [this, &from, limit] { return Walk(volume_.root_fd(), trail_of(from), limit).run(); });
}

Task<std::vector<FileLook>> FilesystemBlobFiles::look_at(std::vector<Digest> digests, std::uint64_t read_up_to_bytes) {
  co_return co_await run_blocking(volume_.disk(), [this, &digests, read_up_to_bytes] {
    std::vector<FileLook> looks;
    looks.reserve(digests.size());
    for (const Digest& digest : digests) looks.push_back(look_blocking(digest, read_up_to_bytes));
    return looks;
  });
}

FileLook FilesystemBlobFiles::look_blocking(const Digest& digest, std::uint64_t read_up_to_bytes) const {
  const std::string path = layout::blob_path(digest);
  struct stat status;
  if (read_up_to_bytes == 0) {
    if (::fstatat(volume_.root_fd(), path.c_str(), &status, 0) != 0) {
      if (errno == ENOENT || errno == ENOTDIR || errno == ELOOP) return {};
      throw storage_failure("stat " + path, errno);
    }
    if (!S_ISREG(status.st_mode)) return {};
    return {.size_bytes = static_cast<std::uint64_t>(status.st_size)};
  }
  // As BlobStore opens it.
  const auto file = file_io::open_at_blocking(volume_.root_fd(), path, O_RDONLY | O_NONBLOCK);
  if (!file) {
    const int error = file.error();
    if (error == ENOENT || error == ENOTDIR || error == ENXIO || error == ELOOP) return {};
    throw storage_failure("open " + path, error);
  }
  if (::fstat(file->get(), &status) != 0) throw storage_failure("stat " + path, errno);
  if (!S_ISREG(status.st_mode)) return {};
  FileLook look{.size_bytes = static_cast<std::uint64_t>(status.st_size)};
  if (*look.size_bytes > read_up_to_bytes) return look;
  std::string bytes(*look.size_bytes, '\0');
  const auto count = file_io::read_full_blocking(file->get(), std::as_writable_bytes(std::span(bytes)), 0);
  if (!count) throw storage_failure("read " + path, count.error());
  bytes.resize(*count);
  look.size_bytes = *count;
  look.bytes = SharedBytes(std::move(bytes));
  return look;
}

Task<std::optional<std::string>> FilesystemBlobFiles::quarantine(Digest digest) {
  co_return co_await run_blocking(volume_.disk(), [this, &digest] { return volume_.quarantine_blob_blocking(digest); });
}

}  // namespace berth
