#include "storage/filesystem/link_walks.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <span>
#include <utility>

#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

/// More than any digest's text has.
constexpr std::size_t kLinkLimit = 512;
/// Longer names are no repository's; and a link that leads back to where it lies has an end.
constexpr std::size_t kNameLimit = 1024;
constexpr std::string_view kLinkFile = "/link";

std::string_view trimmed(std::string_view text) {
  const auto is_space = [](char c) { return c == ' ' || c == '\n' || c == '\r' || c == '\t'; };
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  return text;
}

/// A stray file where a directory belongs reads as empty.
std::optional<DirectoryReader> open_directory_blocking(int root_fd, const std::string& path) {
  if (!is_directory_blocking(root_fd, path)) return std::nullopt;
  return DirectoryReader(root_fd, path);
}

}  // namespace

std::optional<StoredLink> read_link_blocking(int root_fd, const std::string& path) {
  const auto file = file_io::open_at_blocking(root_fd, path, O_RDONLY | O_NONBLOCK);
  if (!file) {
    if (file.error() == ENOENT || file.error() == ENOTDIR) return std::nullopt;
    throw storage_failure("open " + path, file.error());
  }
  struct stat status;
  if (::fstat(file->get(), &status) != 0) throw storage_failure("stat " + path, errno);
  StoredLink link{.modified = file_io::modified_time(status)};
  if (!S_ISREG(status.st_mode)) {
    link.problem = "it is no file";
    return link;
  }
  std::string text(kLinkLimit, '\0');
  const auto count = file_io::read_full_blocking(file->get(), std::as_writable_bytes(std::span(text)), 0);
  if (!count) throw storage_failure("read " + path, count.error());
  text.resize(*count);
  const std::string_view said = trimmed(text);
  if (said.empty()) {
    link.problem = "it is empty";
  } else if (const Result<Digest> digest = Digest::parse(said)) {
    link.digest = *digest;
  } else {
    link.problem = "it names no digest";
  }
  return link;
}

bool is_directory_blocking(int root_fd, const std::string& path) {
  struct stat status;
  return ::fstatat(root_fd, path.c_str(), &status, 0) == 0 && S_ISDIR(status.st_mode);
}

DigestDirectories::DigestDirectories(int root_fd, std::string path)
    : root_fd_(root_fd), path_(std::move(path)), algorithms_(root_fd, path_) {}

std::optional<DigestDirectories::Entry> DigestDirectories::next_blocking() {
  for (;;) {
    if (own_) {
      while (std::optional<std::string> hex = own_->next()) {
        std::string path = path_ + "/" + algorithm_ + "/" + *hex;
        if (is_directory_blocking(root_fd_, path)) {
          return Entry{.place = algorithm_ + ":" + *hex, .path = std::move(path)};
        }
      }
      own_.reset();
    }
    std::optional<std::string> algorithm = algorithms_.next();
    if (!algorithm) return std::nullopt;
    algorithm_ = *std::move(algorithm);
    own_ = open_directory_blocking(root_fd_, path_ + "/" + algorithm_);
  }
}

Task<std::vector<std::string>> RepositoryWalk::next(std::size_t limit) {
  co_return co_await run_blocking(volume_.disk(), [this, limit] { return next_blocking(limit); });
}

void RepositoryWalk::enter_blocking(std::string name) {
  std::string path(layout::kRepositories);
  if (!name.empty()) path.append("/").append(name);
  if (!is_directory_blocking(volume_.root_fd(), path)) return;
  levels_.push_back({.name = std::move(name), .reader = DirectoryReader(volume_.root_fd(), std::move(path))});
}

std::vector<std::string> RepositoryWalk::next_blocking(std::size_t limit) {
  std::vector<std::string> names;
  if (!has_begun_) enter_blocking({});
  has_begun_ = true;
  while (!levels_.empty() && names.size() < limit) {
    Level& level = levels_.back();
    std::optional<std::string> name = level.reader.next();
    if (!name) {
      levels_.pop_back();
      continue;
    }
    const bool is_own = *name == "_manifests" || *name == layout::kLayers || *name == layout::kTreeUploads;
    if (is_own && !level.name.empty()) {
      if (!std::exchange(level.is_told, true)) names.push_back(level.name);
    } else if (!name->starts_with('_') && level.name.size() + name->size() < kNameLimit) {
      enter_blocking(level.name.empty() ? *std::move(name) : level.name + "/" + *name);
    }
  }
  return names;
}

Task<std::vector<DigestLink>> LinkWalk::next(std::size_t limit) {
  co_return co_await run_blocking(volume_.disk(), [this, limit] { return next_blocking(limit); });
}

std::vector<DigestLink> LinkWalk::next_blocking(std::size_t limit) {
  if (!directories_) directories_.emplace(volume_.root_fd(), path_);
  std::vector<DigestLink> links;
  while (links.size() < limit) {
    std::optional<DigestDirectories::Entry> entry = directories_->next_blocking();
    if (!entry) break;
    // The directory stays when a manifest is deleted; what it is without its link is nothing.
    std::optional<StoredLink> link = read_link_blocking(volume_.root_fd(), entry->path.append(kLinkFile));
    if (link) links.push_back({.place = std::move(entry->place), .link = *std::move(link)});
  }
  return links;
}

Task<std::vector<TagLinks>> TagWalk::next(std::size_t limit) {
  co_return co_await run_blocking(volume_.disk(), [this, limit] { return next_blocking(limit); });
}

std::vector<TagLinks> TagWalk::next_blocking(std::size_t limit) {
  if (!reader_) reader_.emplace(volume_.root_fd(), path_);
  std::vector<TagLinks> tags;
  while (tags.size() < limit) {
    std::optional<std::string> name = reader_->next();
    if (!name) break;
    if (is_directory_blocking(volume_.root_fd(), path_ + "/" + *name)) {
      tags.push_back(read_tag_blocking(*std::move(name)));
    }
  }
  return tags;
}

TagLinks TagWalk::read_tag_blocking(std::string name) const {
  TagLinks tag{.name = std::move(name)};
  const std::string own = path_ + "/" + tag.name;
  if (std::optional<StoredLink> current = read_link_blocking(volume_.root_fd(), own + "/current/link")) {
    tag.current = *std::move(current);
  } else {
    tag.current.problem = "there is none";
  }
  DigestDirectories directories(volume_.root_fd(), own + "/index");
  while (std::optional<DigestDirectories::Entry> entry = directories.next_blocking()) {
    std::optional<StoredLink> link = read_link_blocking(volume_.root_fd(), entry->path.append(kLinkFile));
    if (link) tag.history.push_back(*std::move(link));
  }
  return tag;
}

Task<std::vector<TreeUpload>> UploadWalk::next(std::size_t limit) {
  co_return co_await run_blocking(volume_.disk(), [this, limit] { return next_blocking(limit); });
}

std::vector<TreeUpload> UploadWalk::next_blocking(std::size_t limit) {
  if (!reader_) reader_.emplace(volume_.root_fd(), path_);
  std::vector<TreeUpload> uploads;
  while (uploads.size() < limit) {
    std::optional<std::string> id = reader_->next();
    if (!id) break;
    const std::string own = path_ + "/" + *id;
    struct stat status;
    if (::fstatat(volume_.root_fd(), own.c_str(), &status, 0) != 0 || !S_ISDIR(status.st_mode)) continue;
    TreeUpload upload{.id = *std::move(id), .modified = file_io::modified_time(status)};
    if (::fstatat(volume_.root_fd(), (own + "/data").c_str(), &status, 0) == 0) {
      upload.size_bytes = static_cast<std::uint64_t>(status.st_size);
      upload.modified = std::max(upload.modified, file_io::modified_time(status));
    }
    uploads.push_back(std::move(upload));
  }
  return uploads;
}

}  // namespace berth
