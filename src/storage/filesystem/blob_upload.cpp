#include "storage/filesystem/blob_upload.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "storage/filesystem/file_io.h"
#include "storage/filesystem/storage_failure.h"
#include "storage/layout.h"

namespace berth {
namespace {

// Write-back starts on whole pages: a page that is written again has to wait for its first trip to the disk.
constexpr std::uint64_t kPageBytes = 4096;

}  // namespace

FilesystemBlobUpload::FilesystemBlobUpload(Volume& volume, const UploadId& id, const UploadProgress& progress)
    : volume_(volume),
      name_(id.text()),
      path_(std::string(layout::kUploads) + "/" + name_),
      algorithm_(progress.algorithm),
      size_(progress.durable_offset),
      hasher_(resume_hasher(progress)),
      // A file that is made just now has an inode to sync, also when it stays empty.
      is_dirty_(progress.durable_offset == 0),
      is_entry_durable_(progress.durable_offset > 0),
      writeback_started_(progress.durable_offset) {}

bool FilesystemBlobUpload::open_blocking() {
  const bool is_new = size_ == 0;
  auto file = volume_.open_own_file_blocking(layout::kUploads, name_, is_new ? O_CREAT : 0);
  if (!file && file.error() == ENOENT && !is_new) return false;
  if (!file) throw storage_failure(where("open"), file.error());
  struct stat status;
  if (::fstat(file->get(), &status) != 0) throw storage_failure(where("stat"), errno);
  if (!S_ISREG(status.st_mode)) throw Failure(FailureKind::storage, path_ + " is not a file");
  // A second name means that a file system without a journal brought back this one after its rename into place:
  // writing here would write into the blob.
  if (status.st_nlink > 1) {
    if (::unlinkat(volume_.root_fd(), path_.c_str(), 0) != 0) throw storage_failure(where("unlink"), errno);
    return false;
  }
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (size < size_) return false;
  if (size > size_) {
    if (const auto error = file_io::truncate_blocking(file->get(), size_)) throw storage_failure(where("cut"), *error);
    is_dirty_ = true;
  }
  file_ = std::move(*file);
  return true;
}

void FilesystemBlobUpload::require_open() const {
  if (state_ == State::broken) throw Failure(FailureKind::storage, where("an earlier sync or publish failed:"));
  if (state_ == State::ended) throw Failure(FailureKind::internal, where("used after its end:"));
}

/// What every job on an open upload begins with.
void FilesystemBlobUpload::prepare_blocking() {
  // The name of a new upload may lead to a blob: then it is gone now, and is made anew.
  if (!file_.is_open() && !open_blocking() && !open_blocking()) {
    throw Failure(FailureKind::storage, where("cannot be made:"));
  }
  if (const std::uint64_t expected = std::exchange(expected_size_, 0); expected > size_) preallocate_blocking(expected);
}

Task<> FilesystemBlobUpload::append(std::span<const std::byte> bytes) {
  require_open();
  if (bytes.empty()) co_return;
  co_await run_blocking(volume_.disk(), [this, bytes] {
    std::optional<HashBeside> hashing;
    append_blocking(bytes, Part::some, hashing);
  });
}

/// The bytes are written when this returns; where they are hashed on another thread `hashing` says when that is done.
void FilesystemBlobUpload::append_blocking(std::span<const std::byte> bytes, Part part,
                                           std::optional<HashBeside>& hashing) {
  prepare_blocking();
  if (bytes.empty()) return;
  sealed_.reset();
  is_dirty_ = true;
  const std::uint64_t before = size_;
  const Volume::Writing writing(volume_);
  try {
    const std::uint64_t direct_from = volume_.options().direct_from_bytes;
    const bool is_direct = part == Part::whole && direct_from > 0 && bytes.size() >= direct_from;
    // While a thread waits for the disk, its core is free.
    const bool has_core = is_direct || writing.has_spare_core();
    const bool is_hashed_beside = hasher_ && bytes.size() >= volume_.options().hash_beside_from_bytes && has_core;
    if (is_hashed_beside) hashing.emplace(volume_.disk(), *hasher_, bytes);
    if (is_direct) {
      const std::size_t count = write_direct_blocking(bytes);
      if (hasher_ && !is_hashed_beside) hasher_->update(bytes.first(count));
      bytes = bytes.subspan(count);
    }
    if (is_hashed_beside) return write_blocking(bytes);
    while (!bytes.empty()) {
      const auto piece = bytes.first(std::min(bytes.size(), volume_.options().piece_bytes));
      write_blocking(piece);
      if (hasher_) hasher_->update(piece);
      bytes = bytes.subspan(piece.size());
    }
  } catch (const Failure&) {
    hashing.reset();
    hasher_.reset();  // it is ahead of the file, which is hashed again if need be
    size_ = before;
    writeback_started_ = std::min(writeback_started_, size_);
    if (const auto error = file_io::truncate_blocking(file_.get(), size_)) {
      state_ = State::broken;
      throw storage_failure(where("cut"), *error);
    }
    allocated_ = 0;
    throw;
  }
}

/// Copying into the page cache, page by page, is dearer than all else of a small push but its hash, and the bytes have
/// to leave it at once. The first pull reads the disk.
std::size_t FilesystemBlobUpload::write_direct_blocking(std::span<const std::byte> bytes) {
  const auto count = file_io::write_direct_blocking(file_.get(), bytes, size_);
  if (!count) throw storage_failure(where("write"), count.error());
  size_ += *count;
  writeback_started_ = size_;
  return *count;
}

void FilesystemBlobUpload::write_blocking(std::span<const std::byte> bytes) {
  const auto error = file_io::write_all_blocking(file_.get(), bytes, size_);
  if (error) throw storage_failure(where("write"), *error);
  size_ += bytes.size();
  if (size_ - writeback_started_ >= volume_.options().writeback_interval_bytes) start_writeback_blocking();
}

void FilesystemBlobUpload::start_writeback_blocking() {
  const std::uint64_t end = size_ / kPageBytes * kPageBytes;
  if (end <= writeback_started_) return;
  // Only a start: errors are kept for the fsync, and a file system without it just has more to do then.
  ::sync_file_range(file_.get(), static_cast<off_t>(writeback_started_), static_cast<off_t>(end - writeback_started_),
                    SYNC_FILE_RANGE_WRITE);
  writeback_started_ = end;
}

Task<> FilesystemBlobUpload::expect_size(std::uint64_t total_bytes) {
  require_open();
  if (total_bytes > volume_.options().preallocate_from_bytes) expected_size_ = total_bytes;
  co_return;
}

void FilesystemBlobUpload::preallocate_blocking(std::uint64_t total_bytes) {
  const std::uint64_t wanted = std::min(total_bytes - size_, volume_.options().preallocate_limit_bytes);
  is_dirty_ = true;
  int result = 0;
  do {
    result = ::fallocate(file_.get(), FALLOC_FL_KEEP_SIZE, static_cast<off_t>(size_), static_cast<off_t>(wanted));
  } while (result != 0 && errno == EINTR);
  if (result == 0) {
    allocated_ = size_ + wanted;
    return;
  }
  const int error = errno;
  // What is full is better said before the client sends its gigabytes; every other refusal only loses the hint.
  if (error != ENOSPC && error != EDQUOT) return;
  if (const auto cut_error = file_io::truncate_blocking(file_.get(), size_)) {
    state_ = State::broken;
    throw storage_failure(where("cut"), *cut_error);
  }
  throw storage_failure(where("allocate"), error);
}

Task<UploadProgress> FilesystemBlobUpload::sync() {
  require_open();
  if (is_dirty_ || !is_entry_durable_) {
    co_await run_blocking(volume_.disk(), [this] {
      prepare_blocking();
      sync_data_blocking();
      sync_entry_blocking();
    });
  }
  co_return UploadProgress{.durable_offset = size_,
                           .algorithm = algorithm_,
                           .hash_state = hasher_ && size_ > 0 ? hasher_->export_state() : std::string()};
}

void FilesystemBlobUpload::sync_data_blocking() {
  if (!is_dirty_) return;
  if (const auto error = file_io::sync_data_blocking(file_.get())) {
    give_up_blocking();
    throw storage_failure(where("fsync"), *error);
  }
  is_dirty_ = false;
}

void FilesystemBlobUpload::sync_entry_blocking() {
  if (is_entry_durable_) return;
  try {
    volume_.sync_directory_blocking(std::string(layout::kUploads));
  } catch (const Failure&) {
    give_up_blocking();
    throw;
  }
  is_entry_durable_ = true;
}

void FilesystemBlobUpload::give_up_blocking() {
  state_ = State::broken;
  ::unlinkat(volume_.root_fd(), path_.c_str(), 0);
}

Task<Digest> FilesystemBlobUpload::seal(HashAlgorithm algorithm) {
  require_open();
  sealed_.reset();
  co_await run_blocking(volume_.disk(), [this] {
    prepare_blocking();
    sync_data_blocking();
    measure_blocking();
  });
  co_return co_await digest_of_synced_file(algorithm);
}

Task<SealOutcome> FilesystemBlobUpload::append_and_seal(std::span<const std::byte> last, HashAlgorithm algorithm) {
  require_open();
  sealed_.reset();
  SealOutcome outcome;
  co_await run_blocking(volume_.disk(), [this, last, &outcome] {
    std::optional<HashBeside> hashing;  // also beside the sync
    try {
      append_blocking(last, size_ == 0 ? Part::whole : Part::some, hashing);
    } catch (...) {
      outcome.append_failure = std::current_exception();
      return;
    }
    sync_data_blocking();
    measure_blocking();
  });
  if (!outcome.append_failure) outcome.digest = co_await digest_of_synced_file(algorithm);
  co_return outcome;
}

Task<Digest> FilesystemBlobUpload::digest_of_synced_file(HashAlgorithm algorithm) {
  if (can_seal_from_running_hash(algorithm)) {
    sealed_ = hasher_->digest();
    co_return *sealed_;
  }
  Hasher hasher(algorithm);
  std::string buffer(volume_.options().reread_buffer_bytes, '\0');
  bool is_at_end = false;
  while (!is_at_end) {
    is_at_end = co_await run_blocking(volume_.disk(),
                                      [this, &hasher, &buffer] { return reread_piece_blocking(hasher, buffer); });
  }
  if (hasher.size_bytes() != size_) throw Failure(FailureKind::storage, where("changed while it was read:"));
  sealed_ = hasher.digest();
  if (algorithm == algorithm_) hasher_ = std::move(hasher);
  co_return *sealed_;
}

bool FilesystemBlobUpload::can_seal_from_running_hash(HashAlgorithm algorithm) const {
  return hasher_ && algorithm == algorithm_ && hasher_->size_bytes() == size_;
}

void FilesystemBlobUpload::measure_blocking() {
  struct stat status;
  if (::fstat(file_.get(), &status) != 0) throw storage_failure(where("stat"), errno);
  size_ = static_cast<std::uint64_t>(status.st_size);
}

bool FilesystemBlobUpload::reread_piece_blocking(Hasher& hasher, std::string& buffer) {
  const std::uint64_t piece_end = hasher.size_bytes() + volume_.options().reread_job_bytes;
  while (hasher.size_bytes() < piece_end) {
    const auto into = std::as_writable_bytes(std::span(buffer));
    const auto count = file_io::read_full_blocking(file_.get(), into, hasher.size_bytes());
    if (!count) throw storage_failure(where("read"), count.error());
    hasher.update(into.first(*count));
    if (*count < into.size()) return true;
  }
  return false;
}

Task<> FilesystemBlobUpload::publish(Digest digest) {
  require_open();
  if (sealed_ != digest) throw Failure(FailureKind::internal, where("published under a digest not sealed:"));
  co_await run_blocking(volume_.disk(), [this, &digest] { publish_blocking(digest); });
}

void FilesystemBlobUpload::publish_blocking(const Digest& digest) {
  state_ = State::broken;  // unless everything below goes well
  // Blocks that were allocated for more than came are given back; they would stay with the blob for ever.
  if (allocated_ > size_) {
    if (const auto error = file_io::truncate_blocking(file_.get(), size_)) throw storage_failure(where("cut"), *error);
  }
  volume_.place_blob_blocking(path_, digest);
  file_.reset();
  state_ = State::ended;
}

Task<> FilesystemBlobUpload::discard() {
  if (state_ == State::ended) co_return;
  co_await run_blocking(volume_.disk(), [this] { discard_blocking(); });
}

void FilesystemBlobUpload::discard_blocking() {
  if (::unlinkat(volume_.root_fd(), path_.c_str(), 0) != 0 && errno != ENOENT) {
    throw storage_failure(where("unlink"), errno);
  }
  file_.reset();
  state_ = State::ended;
}

}  // namespace berth
