#include "base/failure.h"
#include "storage/memory/memory_storage.h"

namespace berth {
namespace {

std::span<const std::byte> bytes_of(const std::string& text) {
  return std::as_bytes(std::span(text));
}

class MemoryBlobUpload final : public BlobUpload {
 public:
  MemoryBlobUpload(MemoryVolume& volume, UploadId id, std::shared_ptr<MemoryVolume::File> file, HashAlgorithm algorithm,
                   std::optional<Hasher> hasher)
      : volume_(volume),
        id_(std::move(id)),
        file_(std::move(file)),
        algorithm_(algorithm),
        hasher_(std::move(hasher)),
        size_(file_->bytes.size()) {}

  Task<> append(std::span<const std::byte> bytes) override {
    require_open();
    const std::scoped_lock lock(volume_.mutex);
    volume_.reserve_locked(bytes.size());
    file_->bytes.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    file_->modified = volume_.clock().now();
    size_ = file_->bytes.size();
    if (hasher_) hasher_->update(bytes);
    sealed_.reset();
    co_return;
  }

  Task<> expect_size(std::uint64_t total_bytes) override {
    require_open();
    const std::scoped_lock lock(volume_.mutex);
    if (total_bytes > size_) volume_.reserve_locked(total_bytes - size_);
    co_return;
  }

  std::uint64_t size_bytes() const override { return size_; }

  Task<UploadProgress> sync() override {
    require_open();
    co_return UploadProgress{.durable_offset = size_,
                             .algorithm = algorithm_,
                             .hash_state = hasher_ && size_ > 0 ? hasher_->export_state() : std::string()};
  }

  Task<Digest> seal(HashAlgorithm algorithm) override {
    require_open();
    const std::scoped_lock lock(volume_.mutex);
    size_ = file_->bytes.size();
    if (!hasher_ || hasher_->size_bytes() != size_ || algorithm != algorithm_) {
      Hasher again(algorithm);
      again.update(bytes_of(file_->bytes));
      sealed_ = again.digest();
      if (algorithm == algorithm_) hasher_ = std::move(again);
    } else {
      sealed_ = hasher_->digest();
    }
    co_return *sealed_;
  }

  Task<> publish(Digest digest) override {
    require_open();
    if (sealed_ != digest) throw Failure(FailureKind::internal, "an upload is published under a digest not sealed");
    const std::scoped_lock lock(volume_.mutex);
    if (volume_.uploads.erase(id_) == 0) throw Failure(FailureKind::storage, "the upload's bytes are gone");
    volume_.blobs.insert_or_assign(digest, SharedBytes(std::move(file_->bytes)));
    has_ended_ = true;
    co_return;
  }

  Task<> discard() override {
    const std::scoped_lock lock(volume_.mutex);
    // Only our own file: another upload may have the name by now.
    const auto found = volume_.uploads.find(id_);
    if (found != volume_.uploads.end() && found->second == file_) volume_.uploads.erase(found);
    has_ended_ = true;
    co_return;
  }

 private:
  void require_open() const {
    if (has_ended_) throw Failure(FailureKind::internal, "an upload is used after its end");
  }

  MemoryVolume& volume_;
  UploadId id_;
  std::shared_ptr<MemoryVolume::File> file_;
  HashAlgorithm algorithm_;
  std::optional<Hasher> hasher_;  // nothing: the state could not be imported, seal() reads the bytes again
  std::uint64_t size_;
  std::optional<Digest> sealed_;
  bool has_ended_ = false;
};

}  // namespace

Task<std::unique_ptr<BlobUpload>> MemoryBlobUploads::open(UploadId id, UploadProgress progress) {
  const std::scoped_lock lock(volume_.mutex);
  auto found = volume_.uploads.find(id);
  if (found == volume_.uploads.end()) {
    if (progress.durable_offset > 0) co_return nullptr;
    auto file = std::make_shared<MemoryVolume::File>();
    file->modified = volume_.clock().now();
    found = volume_.uploads.emplace(id, std::move(file)).first;
  }
  MemoryVolume::File& file = *found->second;
  if (file.bytes.size() < progress.durable_offset) co_return nullptr;
  file.bytes.resize(static_cast<std::size_t>(progress.durable_offset));
  std::optional<Hasher> hasher = resume_hasher(progress);
  co_return std::make_unique<MemoryBlobUpload>(volume_, std::move(id), found->second, progress.algorithm,
                                               std::move(hasher));
}

Task<bool> MemoryBlobUploads::remove(UploadId id) {
  const std::scoped_lock lock(volume_.mutex);
  co_return volume_.uploads.erase(id) != 0;
}

Task<std::vector<UploadFile>> MemoryBlobUploads::list(std::optional<UploadId> after, std::size_t limit) {
  const std::scoped_lock lock(volume_.mutex);
  std::vector<UploadFile> files;
  auto next = after ? volume_.uploads.upper_bound(*after) : volume_.uploads.begin();
  for (; next != volume_.uploads.end() && files.size() < limit; ++next) {
    files.push_back({.id = next->first, .modified = next->second->modified});
  }
  co_return files;
}

// Nothing is ever temporary in memory: put() is one step.
Task<std::size_t> MemoryBlobUploads::remove_stale_temporaries(WallTime) {
  co_return 0;
}

}  // namespace berth
