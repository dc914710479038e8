// FilesystemBlobUpload: one upload as the file berth/uploads/<id>.
#pragma once

#include <optional>
#include <string>

#include "storage/blob_uploads.h"
#include "storage/filesystem/volume.h"

namespace berth {

class FilesystemBlobUpload final : public BlobUpload {
 public:
  /// What the file was found to be when it was opened.
  struct Opened {
    UniqueFd file;
    std::uint64_t size_bytes = 0;  ///< the recorded offset
    bool was_cut = false;          ///< bytes beyond the recorded offset were cut off
  };

  FilesystemBlobUpload(Volume& volume, const UploadId& id, const UploadProgress& progress, Opened opened);

  Task<> append(std::span<const std::byte> bytes) override;
  Task<> expect_size(std::uint64_t total_bytes) override;
  std::uint64_t size_bytes() const override { return size_; }
  Task<UploadProgress> sync() override;
  Task<Digest> seal(HashAlgorithm algorithm) override;
  Task<> publish(Digest digest) override;
  Task<> discard() override;

 private:
  enum class State { open, broken, ended };

  void require_open() const;
  void append_blocking(std::span<const std::byte> bytes);
  void start_writeback_blocking();
  void preallocate_blocking(std::uint64_t total_bytes);
  void sync_data_blocking();
  void sync_entry_blocking();
  /// True if the running hash covers the file and is of this algorithm.
  bool can_seal_from_running_hash(HashAlgorithm algorithm) const;
  void measure_blocking();
  bool reread_piece_blocking(Hasher& hasher, std::string& buffer);
  void publish_blocking(const Digest& digest);
  void discard_blocking();
  /// The file's fsync failed: nothing of it can be trusted, and it must not be synced again (data.md 2.5).
  void give_up_blocking();
  std::string where(const char* verb) const { return std::string(verb) + " " + path_; }

  // Fixed after construction.
  Volume& volume_;
  std::string path_;
  HashAlgorithm algorithm_;
  // The one caller's, also while its job runs on the pool.
  UniqueFd file_;
  std::uint64_t size_;
  std::optional<Hasher> hasher_;     // nothing: the state could not be imported, seal() reads the file again
  bool is_dirty_;                    // something was written or cut since the last fdatasync
  bool is_entry_durable_;            // the name in berth/uploads survives a power cut
  std::uint64_t writeback_started_;  // up to here
  std::uint64_t allocated_ = 0;      // ahead, up to here
  std::optional<Digest> sealed_;
  State state_ = State::open;
};

}  // namespace berth
