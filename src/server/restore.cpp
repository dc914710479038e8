#include "server/restore.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <memory>

#include "async/run_blocking.h"
#include "async/run_to_end.h"
#include "base/entropy.h"
#include "base/failure.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/sqlite_snapshot.h"
#include "registry/copy_bytes.h"
#include "server/lock_file.h"
#include "storage/filesystem/filesystem_storage.h"
#include "storage/layout.h"

namespace berth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 500;

[[noreturn]] void refuse_restore(const std::string& why) {
  throw Failure(FailureKind::internal, why);
}

void sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    throw failure_from_errno(FailureKind::storage, "cannot sync " + path, errno);
  }
}

BackupEntry choose(const std::vector<BackupEntry>& entries, const RestoreOptions& options) {
  if (entries.empty()) refuse_restore(fmt::format("there is no whole backup in {}", options.directory));
  if (!options.name) return entries.back();
  const auto found = std::ranges::find(entries, *options.name, &BackupEntry::name);
  if (found == entries.end()) {
    refuse_restore(
        fmt::format("there is no backup {} in {}: berth restore --list names them", *options.name, options.directory));
  }
  return *found;
}

/// Restores in the order that a crash leaves nothing that looks whole: blobs, metadata under another name, its name,
/// the id.
class Restoring {
 public:
  Restoring(const ServerConfig& config, const RestoreOptions& options)
      : options_(options),
        root_(config.storage.filesystem.root_directory),
        metadata_path_(config.metadata.sqlite.path.empty() ? root_ + "/" + std::string(layout::kMetadata)
                                                           : config.metadata.sqlite.path),
        directory_(options.directory, std::nullopt),
        disk_("disk", 4, 1'024),
        storage_({.root = root_}, disk_, entropy_) {}

  RestoreReport run() {
    report_.backup = choose(directory_.list(), options_);
    const std::string from = directory_.path_of(report_.backup.name, "metadata.db");
    if (BackupDirectory::digest_of_file(from) != report_.backup.metadata_digest) {
      refuse_restore(
          fmt::format("the metadata of the backup {} is damaged: choose another with --at", report_.backup.name));
    }
    const std::optional<std::string> id = run_to_end(storage_.identity().read());
    if (id && *id != report_.backup.registry_id) {
      refuse_restore(
          fmt::format("{} is the registry {}, and the backup is of {}", root_, *id, report_.backup.registry_id));
    }
    fs::create_directories(root_ + "/berth");
    fs::permissions(root_ + "/berth", fs::perms::owner_all);
    const LockFile lock(root_ + "/" + std::string(layout::kLock));
    SqliteSnapshot snapshot(from);
    put_blobs(snapshot);
    put_metadata(from);
    put_token_keys();
    if (!id) run_to_end(storage_.identity().create(report_.backup.registry_id));
    return std::move(report_);
  }

 private:
  void put_blobs(SqliteSnapshot& snapshot) {
    std::optional<Digest> after;
    for (;;) {
      const std::vector<BlobRecord> page = snapshot.list_blobs(after, kPage);
      if (page.empty()) return;
      after = page.back().digest;
      std::vector<Digest> digests;
      for (const BlobRecord& blob : page) digests.push_back(blob.digest);
      const std::vector<FileLook> looks = run_to_end(storage_.files().look_at(digests, 0));
      for (std::size_t i = 0; i < page.size(); ++i) {
        if (page[i].state != BlobState::present) continue;
        ++report_.blobs;
        if (looks[i].size_bytes != page[i].size_bytes) put_blob(page[i]);
        if (options_.on_progress) options_.on_progress(report_.blobs, report_.backup.blobs);
      }
    }
  }

  void put_blob(const BlobRecord& blob) {
    const std::optional<FileRegion> file = directory_.open_blob(blob.digest);
    const bool is_put = file && file->length == blob.size_bytes && run_to_end(copy_in(blob.digest, *file));
    if (!is_put) {
      report_.missing.push_back(blob.digest.to_string());
      return;
    }
    ++report_.put_blobs;
    report_.put_bytes += blob.size_bytes;
  }

  /// As a push does it: verified, synced, and then in its place. False if the backup's bytes are damaged.
  Task<bool> copy_in(Digest digest, FileRegion file) {
    std::unique_ptr<BlobUpload> upload = co_await storage_.uploads().open(
        UploadId::parse(random_uuid(entropy_)).value(), {.durable_offset = 0, .algorithm = digest.algorithm()});
    co_await copy_bytes(ByteSource(std::move(file)), *upload, disk_);
    const Digest actual = co_await upload->seal(digest.algorithm());
    if (actual != digest) {
      co_await upload->discard();
      co_return false;
    }
    co_await upload->publish(digest);
    co_return true;
  }

  void put_metadata(const std::string& from) {
    const std::string fresh = metadata_path_ + ".restored";
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(fresh + suffix);
    fs::copy_file(from, fresh);
    {
      SqliteMetadataStore metadata({.path = fresh});
      run_to_end(prepare(metadata));
    }
    for (const char* suffix : {"-wal", "-shm"}) {
      if (fs::exists(fresh + suffix) && fs::file_size(fresh + suffix) > 0) {
        refuse_restore("the restored metadata was not closed in order: run it again");
      }
      fs::remove(fresh + suffix);
    }
    const std::string parent = fs::absolute(metadata_path_).parent_path();
    if (fs::exists(metadata_path_)) {
      report_.metadata_moved_to = metadata_path_ + ".before-" + report_.backup.name;
      for (unsigned number = 2; fs::exists(report_.metadata_moved_to); ++number) {
        report_.metadata_moved_to = fmt::format("{}.before-{}.{}", metadata_path_, report_.backup.name, number);
      }
      for (const char* suffix : {"-wal", "-shm", ""}) {
        if (fs::exists(metadata_path_ + suffix)) {
          fs::rename(metadata_path_ + suffix, report_.metadata_moved_to + suffix);
        }
      }
    }
    fs::rename(fresh, metadata_path_);
    sync_directory(parent);
  }

  /// What was true when the backup was made, and is not here.
  Task<> prepare(SqliteMetadataStore& metadata) {
    co_await metadata.scrub().set_must_compare(true);
    // The tree is of another time than the metadata: it is written anew, not believed.
    const LinkTreeState links = co_await metadata.links().link_state();
    if (links == LinkTreeState::current) co_await metadata.links().set_link_state(LinkTreeState::following);
    for (;;) {
      const std::vector<UploadRecord> uploads = co_await metadata.list_uploads(WallTime::max(), std::nullopt, kPage);
      if (uploads.empty()) co_return;
      for (const UploadRecord& upload : uploads) co_await metadata.delete_upload(upload.id);
    }
  }

  void put_token_keys() {
    const std::string to = root_ + "/" + std::string(layout::kTokenKeys);
    const std::string from = directory_.path_of(report_.backup.name, to.substr(to.rfind('/') + 1));
    if (!fs::exists(from) || fs::exists(to)) return;
    fs::copy_file(from, to);
    fs::permissions(to, fs::perms::owner_read | fs::perms::owner_write);
  }

  const RestoreOptions& options_;
  const std::string root_;
  const std::string metadata_path_;
  SystemEntropy entropy_;
  BackupDirectory directory_;
  BlockingPool disk_;
  FilesystemStorage storage_;
  RestoreReport report_;
};

}  // namespace

std::vector<BackupEntry> list_backups(const std::string& directory) {
  return BackupDirectory(directory, std::nullopt).list();
}

RestoreReport restore_root(const ServerConfig& config, const RestoreOptions& options) {
  if (config.storage.driver != StorageDriver::filesystem) {
    refuse_restore("only a root on disk can be restored (storage.filesystem)");
  }
  return Restoring(config, options).run();
}

}  // namespace berth
