#include "migration/backup_directory.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <span>

#include "base/failure.h"
#include "base/rfc3339.h"
#include "content/hasher.h"
#include "registry/copy_bytes.h"

namespace berth {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kMark = "berth-backup";
constexpr std::string_view kPartial = ".partial-";
constexpr std::string_view kFacts = "backup.json";
constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::uint64_t kFactsLimit = 1 << 20;
constexpr mode_t kDirectoryMode = 0700;
constexpr mode_t kFileMode = 0600;

Failure failed(const std::string& what, int error) {
  return failure_from_errno(FailureKind::storage, "backup: cannot " + what, error);
}

UniqueFd open_file(const std::string& path, int flags) {
  UniqueFd file(::open(path.c_str(), flags | O_CLOEXEC, kFileMode));
  if (!file.is_open()) throw failed("open " + path, errno);
  return file;
}

void sync_path(const std::string& path) {
  const UniqueFd file = open_file(path, O_RDONLY);
  if (::fsync(file.get()) != 0) throw failed("sync " + path, errno);
}

void write_all(int file, std::span<const std::byte> bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failed("write " + path, errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

void write_file(const std::string& path, std::string_view text) {
  const UniqueFd file = open_file(path, O_WRONLY | O_CREAT | O_TRUNC);
  write_all(file.get(), std::as_bytes(std::span(text)), path);
  if (::fsync(file.get()) != 0) throw failed("sync " + path, errno);
}

std::string read_small(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw failed("read " + path, errno);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > kFactsLimit) throw Failure(FailureKind::storage, path + " is no file of a backup");
  return text;
}

BackupEntry read_entry(const std::string& name, const std::string& path) {
  boost::json::error_code error;
  const boost::json::value parsed = boost::json::parse(read_small(path), error);
  if (error || !parsed.is_object()) throw Failure(FailureKind::storage, path + " is damaged");
  const boost::json::object& facts = parsed.as_object();
  try {
    const std::optional<WallTime> created = parse_rfc3339(std::string(facts.at("created").as_string()));
    if (!created) throw Failure(FailureKind::storage, path + " is damaged");
    return {.name = name,
            .created = *created,
            .registry_id = std::string(facts.at("registry_id").as_string()),
            .version = std::string(facts.at("version").as_string()),
            .blobs = facts.at("blobs").to_number<std::uint64_t>(),
            .bytes = facts.at("bytes").to_number<std::uint64_t>(),
            .metadata_digest = std::string(facts.at("metadata").as_string())};
  } catch (const std::exception&) {
    throw Failure(FailureKind::storage, path + " is damaged");
  }
}

}  // namespace

BackupDirectory::BackupDirectory(std::string path, const std::optional<std::string>& registry_id)
    : path_(std::move(path)) {
  const std::string mark = path_ + "/" + std::string(kMark);
  std::error_code error;
  if (!fs::exists(mark, error)) {
    if (!registry_id) throw Failure(FailureKind::storage, fmt::format("there are no backups of Berth in {}", path_));
    if (fs::exists(path_, error) && !fs::is_empty(path_, error)) {
      throw Failure(FailureKind::storage, fmt::format("{} holds something else than backups of Berth", path_));
    }
    fs::create_directories(path_, error);
    if (error) throw failed("make " + path_, error.value());
    ::chmod(path_.c_str(), kDirectoryMode);
    make_directory(path_ + "/blobs");
    write_file(mark, *registry_id + "\n");
    sync_path(path_);
    return;
  }
  std::string id = read_small(mark);
  while (id.ends_with('\n')) id.pop_back();
  if (registry_id && id != *registry_id) {
    throw Failure(FailureKind::storage, fmt::format("{} holds the backups of another registry ({})", path_, id));
  }
}

std::vector<BackupEntry> BackupDirectory::list() const {
  std::vector<BackupEntry> entries;
  for (const auto& each : fs::directory_iterator(path_)) {
    const std::string name = each.path().filename();
    const std::string facts = path_of(name, std::string(kFacts));
    std::error_code error;
    if (name.starts_with('.') || !fs::exists(facts, error)) continue;
    entries.push_back(read_entry(name, facts));
  }
  std::ranges::sort(entries, {}, &BackupEntry::name);
  return entries;
}

std::string BackupDirectory::begin(const std::string& name) {
  for (const auto& each : fs::directory_iterator(path_)) {
    if (std::string(each.path().filename()).starts_with(kPartial)) fs::remove_all(each.path());
  }
  make_directory(partial_path(name));
  return partial_path(name);
}

std::string BackupDirectory::partial_path(const std::string& name) const {
  return path_ + "/" + std::string(kPartial) + name;
}

std::string BackupDirectory::path_of(const std::string& name, const std::string& file) const {
  return path_ + "/" + name + "/" + file;
}

std::string BackupDirectory::blob_path(const Digest& digest) const {
  const std::string hex = digest.hex();
  return fmt::format("{}/blobs/{}/{}/{}", path_, digest.algorithm_name(), hex.substr(0, 2), hex);
}

std::optional<std::uint64_t> BackupDirectory::blob_size(const Digest& digest) const {
  struct stat status;
  if (::stat(blob_path(digest).c_str(), &status) != 0) return std::nullopt;
  return static_cast<std::uint64_t>(status.st_size);
}

std::optional<FileRegion> BackupDirectory::open_blob(const Digest& digest) const {
  UniqueFd file(::open(blob_path(digest).c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    throw failed("open " + blob_path(digest), errno);
  }
  struct stat status;
  if (::fstat(file.get(), &status) != 0) throw failed("look at " + blob_path(digest), errno);
  return FileRegion{.file = std::make_shared<const UniqueFd>(std::move(file)),
                    .offset = 0,
                    .length = static_cast<std::uint64_t>(status.st_size)};
}

void BackupDirectory::make_directory(const std::string& path) const {
  if (::mkdir(path.c_str(), kDirectoryMode) != 0 && errno != EEXIST) throw failed("make " + path, errno);
}

BlobAdded BackupDirectory::add_blob(const Digest& digest, const FileRegion& file, bool reads_links) {
  if (blob_size(digest) == file.length) return BlobAdded::was_there;
  const std::string to = blob_path(digest);
  const std::string directory = to.substr(0, to.rfind('/'));
  make_directory(directory.substr(0, directory.rfind('/')));
  make_directory(directory);
  const std::string temporary = to + ".tmp";
  ::unlink(temporary.c_str());
  const std::string from = fmt::format("/proc/self/fd/{}", file.file->get());
  const bool is_linked = ::linkat(AT_FDCWD, from.c_str(), AT_FDCWD, temporary.c_str(), AT_SYMLINK_FOLLOW) == 0;
  bool is_good = true;
  if (is_linked) {
    is_good = !reads_links || digest_of_file(temporary, digest.algorithm()) == digest.to_string();
  } else {
    is_good = copy_blob(digest, file, temporary);
  }
  if (!is_good) {
    ::unlink(temporary.c_str());
    return BlobAdded::damaged;
  }
  if (::rename(temporary.c_str(), to.c_str()) != 0) throw failed("rename to " + to, errno);
  return is_linked ? BlobAdded::linked : BlobAdded::copied;
}

bool BackupDirectory::copy_blob(const Digest& digest, const FileRegion& file, const std::string& to) const {
  const UniqueFd out = open_file(to, O_WRONLY | O_CREAT | O_TRUNC);
  Hasher hasher(digest.algorithm());
  std::vector<std::byte> piece(std::min<std::uint64_t>(kPieceBytes, std::max<std::uint64_t>(file.length, 1)));
  for (std::uint64_t position = 0; position < file.length;) {
    const std::uint64_t wanted = std::min<std::uint64_t>(piece.size(), file.length - position);
    const std::size_t count = read_piece_blocking(file, position, std::span(piece).first(wanted));
    if (count == 0) return false;
    const std::span<const std::byte> bytes = std::span(piece).first(count);
    hasher.update(bytes);
    write_all(out.get(), bytes, to);
    position += count;
  }
  if (::fdatasync(out.get()) != 0) throw failed("sync " + to, errno);
  return hasher.digest() == digest;
}

void BackupDirectory::add_file(const std::string& name, const std::string& from) {
  const std::string to = partial_path(name) + "/" + from.substr(from.rfind('/') + 1);
  write_file(to, read_small(from));
}

void BackupDirectory::finish(const BackupEntry& entry) {
  const boost::json::object facts{{"registry_id", entry.registry_id},
                                  {"created", to_rfc3339(entry.created)},
                                  {"version", entry.version},
                                  {"blobs", entry.blobs},
                                  {"bytes", entry.bytes},
                                  {"metadata", entry.metadata_digest}};
  write_file(partial_path(entry.name) + "/" + std::string(kFacts), boost::json::serialize(facts) + "\n");
  // All that was linked, renamed and made since the beginning, before anybody can see the backup.
  const UniqueFd directory = open_file(path_, O_RDONLY | O_DIRECTORY);
  if (::syncfs(directory.get()) != 0) throw failed("sync " + path_, errno);
  const std::string to = path_ + "/" + entry.name;
  if (::rename(partial_path(entry.name).c_str(), to.c_str()) != 0) throw failed("rename to " + to, errno);
  if (::fsync(directory.get()) != 0) throw failed("sync " + path_, errno);
}

void BackupDirectory::abandon(const std::string& name) {
  std::error_code ignored;
  fs::remove_all(partial_path(name), ignored);
}

void BackupDirectory::remove(const std::string& name) {
  // What it says of itself first: half a backup must not look like one.
  ::unlink(path_of(name, std::string(kFacts)).c_str());
  std::error_code error;
  fs::remove_all(path_ + "/" + name, error);
  if (error) throw failed("remove " + path_ + "/" + name, error.value());
}

std::vector<std::string> BackupDirectory::blob_directories() const {
  std::vector<std::string> directories;
  for (const auto& algorithm : fs::directory_iterator(path_ + "/blobs")) {
    if (!algorithm.is_directory()) continue;
    for (const auto& each : fs::directory_iterator(algorithm.path())) directories.push_back(each.path());
  }
  return directories;
}

std::vector<Digest> BackupDirectory::blobs_in(const std::string& directory) {
  const std::string algorithm = fs::path(directory).parent_path().filename();
  std::vector<Digest> digests;
  for (const auto& each : fs::directory_iterator(directory)) {
    const Result<Digest> digest = Digest::parse(algorithm + ":" + std::string(each.path().filename()));
    if (digest) digests.push_back(*digest);
  }
  return digests;
}

std::uint64_t BackupDirectory::remove_blob(const Digest& digest) {
  const std::uint64_t size = blob_size(digest).value_or(0);
  if (::unlink(blob_path(digest).c_str()) != 0 && errno != ENOENT) throw failed("remove " + blob_path(digest), errno);
  return size;
}

std::string BackupDirectory::digest_of_file(const std::string& path, HashAlgorithm algorithm) {
  const UniqueFd file = open_file(path, O_RDONLY);
  Hasher hasher(algorithm);
  std::vector<std::byte> piece(kPieceBytes);
  for (;;) {
    const ssize_t count = ::read(file.get(), piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failed("read " + path, errno);
    if (count == 0) return hasher.digest().to_string();
    hasher.update(std::span(piece).first(static_cast<std::size_t>(count)));
  }
}

std::string BackupDirectory::name_at(WallTime now) {
  // "2026-11-27T22:19:25.123456Z" without what file names do not like.
  std::string name;
  for (const char c : to_rfc3339(now)) {
    if (c == '.') break;
    if (c != '-' && c != ':' && c != 'Z') name += c;
  }
  return name + "Z";
}

}  // namespace berth
