#include "server/rebuild.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <variant>

#include "async/run_blocking.h"
#include "async/run_to_end.h"
#include "base/entropy.h"
#include "base/failure.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "metadata/sqlite/sqlite_snapshot.h"
#include "migration/adopter.h"
#include "migration/snapshot_keeper.h"
#include "migration/stored_manifest.h"
#include "observe/log.h"
#include "server/build_migration.h"
#include "server/lock_file.h"
#include "storage/filesystem/filesystem_storage.h"
#include "storage/layout.h"

namespace berth {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kPage = 200;
/// Of a digest's text, as a tag.
constexpr std::size_t kTagLength = 12;

void sync_directory(const std::string& path) {
  const UniqueFd directory(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.is_open() || ::fsync(directory.get()) != 0) {
    throw failure_from_errno(FailureKind::storage, "cannot sync " + path, errno);
  }
}

class Rebuilding {
 public:
  Rebuilding(const ServerConfig& config, const std::function<void(const std::string& step)>& tell)
      : config_(config),
        tell_(tell),
        root_(config.storage.filesystem.root_directory),
        path_(config.metadata.sqlite.path.empty() ? root_ + "/" + std::string(layout::kMetadata)
                                                  : config.metadata.sqlite.path),
        fresh_(path_ + ".rebuilt"),
        log_(make_log({.level = LogLevel::error, .format = config.log.formatter})),
        disk_("disk", 4, 1'024),
        storage_({.root = root_}, disk_, entropy_) {}

  RebuildReport run() {
    const std::optional<std::string> id = run_to_end(storage_.identity().read());
    if (!id) {
      throw Failure(FailureKind::internal,
                    fmt::format("{} has no berth/id: a volume of Distribution is adopted by berth serve", root_));
    }
    const LockFile lock(root_ + "/" + std::string(layout::kLock));
    refuse_what_is_whole(*id);
    for (const char* suffix : {"", "-wal", "-shm"}) fs::remove(fresh_ + suffix);
    take_snapshot(*id);
    {
      SqliteMetadataStore metadata({.path = fresh_});
      fill(metadata, *id);
    }
    put_in_place();
    return std::move(report_);
  }

 private:
  /// A database that can be read and belongs to this root is not thrown away by a command.
  void refuse_what_is_whole(const std::string& id) const {
    if (!fs::exists(path_)) return;
    std::optional<std::string> has;
    try {
      SqliteSnapshot there(path_);
      if (!there.check().empty()) return;
      has = there.registry_id();
    } catch (const Failure&) {
      return;
    }
    if (has != id) return;
    throw Failure(FailureKind::internal,
                  fmt::format("{} is there and whole: move it away if it is to be made anew", path_));
  }

  void take_snapshot(const std::string& id) {
    tell_("looking for copies of the metadata");
    const std::vector<KeptSnapshot> good = good_snapshots(root_ + "/" + std::string(layout::kSnapshots));
    for (auto newest = good.rbegin(); newest != good.rend(); ++newest) {
      try {
        SqliteSnapshot snapshot(newest->path);
        if (snapshot.registry_id() != id || !snapshot.check().empty()) continue;
      } catch (const Failure&) {
        continue;
      }
      fs::copy_file(newest->path, fresh_);
      report_.snapshot = newest->path;
      return;
    }
  }

  void fill(SqliteMetadataStore& metadata, const std::string& id) {
    run_to_end(metadata.set_registry_id(id));
    run_to_end(metadata.scrub().set_must_compare(true));
    const LinkTreeState links = run_to_end(metadata.links().link_state());
    // What waited then was written long ago, or never.
    if (links != LinkTreeState::ignored) run_to_end(metadata.links().set_link_state(LinkTreeState::ignored));
    tell_("reading the link tree");
    read_links(metadata, links);
    tell_("reading manifests among the blobs");
    run_to_end(recover_unnamed(metadata));
    if (links != LinkTreeState::ignored) run_to_end(metadata.links().set_link_state(LinkTreeState::following));
    drop_uploads(metadata);
    count_repositories(metadata);
  }

  /// A tree that was kept current is younger than any copy of the metadata; another only fills in what is missing.
  void read_links(SqliteMetadataStore& metadata, LinkTreeState links) {
    const SystemClock clock;
    const AdoptionKind kind = links == LinkTreeState::current ? AdoptionKind::merge : AdoptionKind::first;
    const bool is_there = run_to_end(storage_.identity().has_foreign_repositories());
    if (!is_there) return;
    run_to_end(metadata.adoption().begin_adoption(kind, clock.now()));
    Adopter adopter({.tree = storage_.links(),
                     .files = storage_.files(),
                     .blobs = storage_.blobs(),
                     .store = metadata.adoption(),
                     .links = &metadata.links(),
                     .scrub = &metadata.scrub(),
                     .digest_locks = locks_,
                     .disk = disk_,
                     .clock = clock,
                     .log = *log_},
                    build_adopter_options(config_));
    // Nobody else writes: the lock is ours.
    run_to_end(adopter.run({.kind = kind, .began = WallTime::max()}));
    report_.links = run_to_end(metadata.adoption().adoption(kind))->counts;
  }

  Task<> recover_unnamed(SqliteMetadataStore& metadata) {
    const AdopterOptions options = build_adopter_options(config_);
    std::optional<FilePosition> position = FilePosition();
    while (position) {
      StoredFilePage page = co_await storage_.files().list(*position, kPage);
      position = std::move(page.next);
      std::vector<Digest> small;
      for (const StoredFile& file : page.entries) {
        if (file.digest && file.size_bytes > 0 && file.size_bytes <= options.manifest_bytes) {
          small.push_back(*file.digest);
        }
      }
      std::vector<FileLook> looks = co_await storage_.files().look_at(small, options.manifest_bytes);
      for (std::size_t i = 0; i < small.size(); ++i) {
        if (!looks[i].bytes.view().starts_with('{')) continue;
        co_await recover(metadata, small[i], std::move(looks[i].bytes), options.manifests);
      }
    }
  }

  Task<> recover(SqliteMetadataStore& metadata, Digest digest, SharedBytes bytes, const ManifestLimits& limits) {
    const auto read = read_stored_manifest(digest, std::move(bytes), limits);
    const auto* stored = std::get_if<StoredManifest>(&read);
    if (stored == nullptr) co_return;
    const std::optional<SharedBytes> known = co_await metadata.scrub().manifest_bytes(digest);
    if (known) co_return;
    const SystemClock clock;
    const WallTime now = clock.now();
    AdoptContent content{.repository = RepositoryName::parse(kRecoveredRepository).value(),
                         .now = now,
                         .review_due = now + config_.gc.grace};
    content.blobs.push_back({.digest = digest, .size_bytes = stored->manifest.bytes.size()});
    std::vector<Digest> layers;
    for (const Descriptor& blob : stored->blobs) layers.push_back(blob.digest);
    const std::vector<FileLook> looks = co_await storage_.files().look_at(layers, 0);
    for (std::size_t i = 0; i < layers.size(); ++i) {
      const bool is_whole = looks[i].size_bytes == stored->blobs[i].size_bytes;
      content.blobs.push_back({.digest = layers[i], .size_bytes = is_whole ? looks[i].size_bytes : std::nullopt});
    }
    content.layers = std::move(layers);
    AdoptedManifest manifest = stored->manifest;
    manifest.pushed = now;
    const Tag tag = Tag::parse(digest.hex().substr(0, kTagLength)).value();
    content.tags.push_back(
        {.tag = tag, .digest = digest, .history = {{.when = now, .who = "rebuild", .from = {}, .to = digest}}});
    content.manifests.push_back(std::move(manifest));
    co_await metadata.adoption().adopt(std::move(content));
    ++report_.recovered;
  }

  static void drop_uploads(SqliteMetadataStore& metadata) {
    for (;;) {
      const auto uploads = run_to_end(metadata.list_uploads(WallTime::max(), std::nullopt, kPage));
      if (uploads.empty()) return;
      for (const UploadRecord& upload : uploads) run_to_end(metadata.delete_upload(upload.id));
    }
  }

  void count_repositories(SqliteMetadataStore& metadata) {
    std::optional<std::string> after;
    for (;;) {
      const Page<RepositoryName> page = run_to_end(metadata.list_repositories(after, kPage));
      report_.repositories += page.entries.size();
      if (page.entries.empty() || !page.has_more) return;
      after = page.entries.back().text();
    }
  }

  void put_in_place() {
    for (const char* suffix : {"-wal", "-shm"}) fs::remove(fresh_ + suffix);
    if (fs::exists(path_)) {
      report_.moved_to = path_ + ".damaged";
      for (unsigned number = 2; fs::exists(report_.moved_to); ++number) {
        report_.moved_to = fmt::format("{}.damaged.{}", path_, number);
      }
      fs::rename(path_, report_.moved_to);
    }
    // A log of the lost database would be taken for one of the new.
    for (const char* suffix : {"-wal", "-shm"}) {
      if (fs::exists(path_ + suffix)) fs::rename(path_ + suffix, path_ + ".damaged" + suffix);
    }
    fs::rename(fresh_, path_);
    sync_directory(fs::absolute(path_).parent_path());
  }

  const ServerConfig& config_;
  const std::function<void(const std::string& step)>& tell_;
  const std::string root_;
  const std::string path_;
  const std::string fresh_;
  const std::unique_ptr<Log> log_;
  SystemEntropy entropy_;
  KeyLock locks_;
  BlockingPool disk_;
  FilesystemStorage storage_;
  RebuildReport report_;
};

}  // namespace

RebuildReport rebuild_metadata(const ServerConfig& config, const std::function<void(const std::string& step)>& tell) {
  if (config.storage.driver != StorageDriver::filesystem) {
    throw Failure(FailureKind::internal, "only a root on disk can be rebuilt (storage.filesystem)");
  }
  return Rebuilding(config, tell).run();
}

}  // namespace berth
