#include "migration/backup_desk.h"

#include <sys/stat.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <utility>

#include "base/failure.h"

namespace berth {
namespace {

constexpr std::size_t kPage = 500;

std::uint64_t size_of_file(const std::string& path) {
  struct stat status;
  return ::stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

/// Those that go, by number and by age; the newest never does.
std::vector<BackupEntry> outlived(const std::vector<BackupEntry>& all, const BackupOrder& order, WallTime now) {
  std::vector<BackupEntry> gone;
  for (std::size_t i = 0; i < all.size(); ++i) {
    const std::size_t newer = all.size() - 1 - i;
    if (newer == 0) break;
    const bool is_too_many = order.keep > 0 && newer >= order.keep;
    const bool is_too_old = order.keep_for && all[i].created < now - *order.keep_for;
    if (is_too_many || is_too_old) gone.push_back(all[i]);
  }
  return gone;
}

}  // namespace

BackupDesk::BackupDesk(boost::asio::any_io_executor loop, Parts parts)
    : loop_(std::move(loop)), parts_(std::move(parts)) {}

Result<std::uint64_t> BackupDesk::start(BackupOrder order) {
  if (!order.directory.starts_with('/')) {
    return refuse(ErrorCode::request_invalid, "directory: is not an absolute path", {order.directory});
  }
  if (is_stopping_) return refuse(ErrorCode::overloaded, "the server is stopping");
  std::uint64_t run = 0;
  {
    const std::lock_guard lock(mutex_);
    if (view_.is_running) return refuse(ErrorCode::conflict, "a backup is under way");
    view_ = BackupView{.run = view_.run + 1, .is_running = true};
    run = view_.run;
  }
  boost::asio::co_spawn(loop_, run_by_hand(std::move(order)), boost::asio::detached);
  return run;
}

std::optional<BackupView> BackupDesk::look(std::uint64_t run) {
  const std::lock_guard lock(mutex_);
  if (run == 0 || view_.run != run) return std::nullopt;
  return view_;
}

void BackupDesk::tell(const BackupReport& report) {
  const std::lock_guard lock(mutex_);
  view_.report = report;
}

Task<> BackupDesk::run_by_hand(BackupOrder order) {
  BackupReport report;
  std::string failure;
  try {
    co_await back_up(order, report);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  parts_.log.info("backup ended", {{"directory", order.directory},
                                   {"name", report.name},
                                   {"blobs", report.blobs},
                                   {"added_bytes", report.added_bytes},
                                   {"missing_blobs", report.missing_blobs},
                                   {"failure", failure}});
  const std::lock_guard lock(mutex_);
  view_.is_running = false;
  view_.report = report;
  view_.failure = std::move(failure);
}

Task<> BackupDesk::back_up(const BackupOrder& order, BackupReport& report) {
  const std::optional<std::string> id = co_await parts_.metadata.registry_id();
  std::unique_ptr<BackupDirectory> directory = co_await run_blocking(
      parts_.disk, [&] { return std::make_unique<BackupDirectory>(order.directory, id.value_or("")); });
  const RemovalHolds::Hold hold(parts_.holds, "a backup is under way");
  // What a collector decided before it saw the hold is committed once this has passed the writer.
  co_await parts_.metadata.check_health();
  const WallTime now = parts_.clock.now();
  report.name = BackupDirectory::name_at(now);
  const std::string partial = co_await run_blocking(parts_.disk, [&] { return directory->begin(report.name); });
  const std::string metadata = partial + "/metadata.db";
  co_await parts_.snapshots.write_snapshot(metadata);
  report.metadata_bytes = size_of_file(metadata);
  {
    std::unique_ptr<MetadataSnapshot> snapshot =
        co_await run_blocking(parts_.disk, [&] { return parts_.open_snapshot(metadata); });
    co_await add_blobs(order, *directory, *snapshot, report);
  }
  if (is_stopping_) throw Failure(FailureKind::shutting_down, "the server is stopping");
  co_await run_blocking(parts_.disk, [&] {
    for (const std::string& file : parts_.files) {
      if (size_of_file(file) > 0) directory->add_file(report.name, file);
    }
    directory->finish({.name = report.name,
                       .created = now,
                       .registry_id = id.value_or(""),
                       .version = BERTH_VERSION,
                       .blobs = report.blobs,
                       .bytes = report.bytes,
                       .metadata_digest = BackupDirectory::digest_of_file(metadata)});
    prune_blocking(order, *directory, report);
  });
}

Task<> BackupDesk::add_blobs(const BackupOrder& order, BackupDirectory& directory, MetadataSnapshot& snapshot,
                             BackupReport& report) {
  std::optional<Digest> after;
  for (;;) {
    const std::vector<BlobRecord> page =
        co_await run_blocking(parts_.disk, [&] { return snapshot.list_blobs(after, kPage); });
    if (page.empty()) co_return;
    after = page.back().digest;
    for (const BlobRecord& blob : page) {
      if (is_stopping_) co_return;
      if (blob.state != BlobState::present) continue;
      ++report.blobs;
      report.bytes += blob.size_bytes;
      const bool is_there =
          co_await run_blocking(parts_.disk, [&] { return directory.blob_size(blob.digest) == blob.size_bytes; });
      if (is_there) continue;
      const std::optional<ByteSource> source = co_await parts_.blobs.open(blob.digest);
      BlobAdded added = BlobAdded::damaged;
      if (source && source->file() != nullptr && source->size() == blob.size_bytes) {
        added = co_await run_blocking(
            parts_.disk, [&] { return directory.add_blob(blob.digest, *source->file(), order.reads_links); });
      }
      if (added == BlobAdded::damaged) {
        ++report.missing_blobs;
        parts_.log.error("backup: a blob is missing or damaged", {{"digest", blob.digest.to_string()}});
        continue;
      }
      ++report.added_blobs;
      report.added_bytes += blob.size_bytes;
      report.linked_blobs += added == BlobAdded::linked ? 1 : 0;
    }
    tell(report);
  }
}

void BackupDesk::prune_blocking(const BackupOrder& order, BackupDirectory& directory, BackupReport& report) {
  const std::vector<BackupEntry> gone = outlived(directory.list(), order, parts_.clock.now());
  if (gone.empty()) return;
  for (const BackupEntry& entry : gone) directory.remove(entry.name);
  report.pruned_backups = gone.size();
  std::vector<std::unique_ptr<MetadataSnapshot>> kept;
  for (const BackupEntry& entry : directory.list()) {
    kept.push_back(parts_.open_snapshot(directory.path_of(entry.name, "metadata.db")));
  }
  const BackupDirectory::Pruned pruned = directory.prune_blobs([&kept](const Digest& digest) {
    for (const auto& snapshot : kept) {
      if (snapshot->has_blob(digest)) return true;
    }
    return false;
  });
  report.pruned_bytes = pruned.bytes;
}

}  // namespace berth
