#include "migration/snapshot_keeper.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include "base/failure.h"
#include "base/unique_fd.h"
#include "migration/backup_directory.h"

namespace berth {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kSuffix = ".db";
constexpr const char* kChecksum = ".sha256";
constexpr mode_t kDirectoryMode = 0700;

std::vector<std::string> snapshot_paths(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code missing;
  for (const auto& each : fs::directory_iterator(directory, missing)) {
    const std::string name = each.path().filename();
    if (name.ends_with(kSuffix)) paths.push_back(each.path());
  }
  std::ranges::sort(paths);  // as they were made: names are times
  return paths;
}

WallTime modified(const std::string& path) {
  struct stat status;
  if (::stat(path.c_str(), &status) != 0) return {};
  return WallTime(std::chrono::seconds(status.st_mtim.tv_sec) +
                  std::chrono::microseconds(status.st_mtim.tv_nsec / 1'000));
}

std::string read_checksum(const std::string& path) {
  std::ifstream file(path + kChecksum);
  std::string text;
  file >> text;
  return text;
}

void write_checksum(const std::string& path, const std::string& digest) {
  const std::string to = path + kChecksum;
  const UniqueFd file(::open(to.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  const std::string text = digest + "\n";
  const bool is_written = file.is_open() &&
                          ::write(file.get(), text.data(), text.size()) == static_cast<ssize_t>(text.size()) &&
                          ::fsync(file.get()) == 0;
  if (!is_written) throw failure_from_errno(FailureKind::storage, "cannot write " + to, errno);
}

void sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    throw failure_from_errno(FailureKind::storage, "cannot sync " + path, errno);
  }
}

void remove_snapshot(const std::string& path) {
  std::error_code ignored;
  fs::remove(path + kChecksum, ignored);
  fs::remove(path, ignored);
}

}  // namespace

std::vector<KeptSnapshot> good_snapshots(const std::string& directory) {
  std::vector<KeptSnapshot> good;
  for (const std::string& path : snapshot_paths(directory)) {
    const std::string checksum = read_checksum(path);
    if (!checksum.empty() && checksum == BackupDirectory::digest_of_file(path)) {
      good.push_back({.path = path, .made = modified(path)});
    }
  }
  return good;
}

SnapshotKeeper::SnapshotKeeper(SnapshotStore& store, BlockingPool& disk, const Clock& clock,
                               SnapshotKeeperOptions options)
    : store_(store), disk_(disk), clock_(clock), options_(std::move(options)) {}

std::chrono::milliseconds SnapshotKeeper::wait() const {
  const std::vector<std::string> paths = snapshot_paths(options_.directory);
  if (paths.empty()) return std::min<std::chrono::milliseconds>(options_.interval, std::chrono::minutes(1));
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(modified(paths.back()) + options_.interval - clock_.now());
  return std::clamp<std::chrono::milliseconds>(left, std::chrono::milliseconds(0), options_.interval);
}

Task<std::string> SnapshotKeeper::make() {
  std::string path = options_.directory + "/" + BackupDirectory::name_at(clock_.now()) + std::string(kSuffix);
  co_await run_blocking(disk_, [&] {
    if (::mkdir(options_.directory.c_str(), kDirectoryMode) != 0 && errno != EEXIST) {
      throw failure_from_errno(FailureKind::storage, "cannot make " + options_.directory, errno);
    }
    // What a crash cut off, and a copy of the same second.
    for (const std::string& each : snapshot_paths(options_.directory)) {
      if (each == path || read_checksum(each).empty()) remove_snapshot(each);
    }
  });
  co_await store_.write_snapshot(path);
  co_await run_blocking(disk_, [&] {
    write_checksum(path, BackupDirectory::digest_of_file(path));
    sync_directory(options_.directory);
    std::vector<std::string> paths = snapshot_paths(options_.directory);
    const std::size_t keep = std::max<std::size_t>(options_.keep, 1);
    for (std::size_t i = 0; i + keep < paths.size(); ++i) remove_snapshot(paths[i]);
  });
  co_return path;
}

}  // namespace berth
