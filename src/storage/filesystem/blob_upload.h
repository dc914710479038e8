// FilesystemBlobUpload: one upload as the file berth/uploads/<id>.
#pragma once

#include <optional>
#include <string>

#include "storage/blob_uploads.h"
#include "storage/filesystem/hash_beside.h"
#include "storage/filesystem/volume.h"

namespace berth {

class FilesystemBlobUpload final : public BlobUpload {
 public:
  /// With a progress of 0 the file is opened, or made, by the first job that needs it. With any other open_blocking()
  /// comes first.
  FilesystemBlobUpload(Volume& volume, const UploadId& id, const UploadProgress& progress);

  /// Opens the file at the recorded progress; false if it is gone or shorter than that.
  bool open_blocking();

  Task<> append(std::span<const std::byte> bytes) override;
  Task<> expect_size(std::uint64_t total_bytes) override;
  std::uint64_t size_bytes() const override { return size_; }
  Task<UploadProgress> sync() override;
  Task<Digest> seal(HashAlgorithm algorithm) override;
  Task<SealOutcome> append_and_seal(std::span<const std::byte> last, HashAlgorithm algorithm) override;
  Task<> publish(Digest digest) override;
  Task<> discard() override;

 private:
  enum class State { open, broken, ended };

  void require_open() const;
  void prepare_blocking();
  enum class Part { some, whole };
  void append_blocking(std::span<const std::byte> bytes, Part part, std::optional<HashBeside>& hashing);
  /// Past the page cache, if the file system knows that: how much of it, all but less than a page as a rule.
  std::size_t write_direct_blocking(std::span<const std::byte> bytes);
  void write_blocking(std::span<const std::byte> bytes);
  void start_writeback_blocking();
  void preallocate_blocking(std::uint64_t total_bytes);
  Task<Digest> digest_of_synced_file(HashAlgorithm algorithm);
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
  std::string name_;
  std::string path_;
  HashAlgorithm algorithm_;
  // The one caller's, also while its job runs on the pool.
  UniqueFd file_;  // not open yet: nothing was done with a new upload
  std::uint64_t size_;
  std::uint64_t expected_size_ = 0;  // what expect_size() said and is not allocated yet
  std::optional<Hasher> hasher_;     // nothing: the state could not be imported, seal() reads the file again
  bool is_dirty_;                    // something was written or cut since the last fdatasync
  bool is_entry_durable_;            // the name in berth/uploads survives a power cut
  std::uint64_t writeback_started_;  // up to here
  std::uint64_t allocated_ = 0;      // ahead, up to here
  std::optional<Digest> sealed_;
  State state_ = State::open;
};

}  // namespace berth
