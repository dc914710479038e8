#include "storage/memory/memory_storage.h"

#include <iterator>
#include <utility>

#include "base/failure.h"
#include "storage/layout.h"

namespace berth {

std::uint64_t MemoryVolume::used_bytes_locked() const {
  std::uint64_t used = 0;
  for (const auto& [digest, bytes] : blobs) used += bytes.size();
  for (const auto& [id, file] : uploads) used += file->bytes.size();
  return used;
}

void MemoryVolume::reserve_locked(std::uint64_t more) const {
  if (used_bytes_locked() + more > options_.capacity_bytes) {
    throw Failure(FailureKind::storage_full, "the memory storage is full");
  }
}

Task<std::optional<BlobInfo>> MemoryBlobStore::find(Digest digest) {
  const std::scoped_lock lock(volume_.mutex);
  const auto found = volume_.blobs.find(digest);
  if (found == volume_.blobs.end()) co_return std::nullopt;
  co_return BlobInfo{.size_bytes = found->second.size()};
}

Task<std::optional<ByteSource>> MemoryBlobStore::open(Digest digest) {
  const std::scoped_lock lock(volume_.mutex);
  const auto found = volume_.blobs.find(digest);
  if (found == volume_.blobs.end()) co_return std::nullopt;
  co_return ByteSource(found->second);
}

Task<> MemoryBlobStore::put(Digest digest, SharedBytes bytes) {
  const std::scoped_lock lock(volume_.mutex);
  volume_.reserve_locked(bytes.size());
  volume_.blobs.insert_or_assign(digest, std::move(bytes));
  co_return;
}

Task<bool> MemoryBlobStore::delete_without_reference_check(Digest digest) {
  const std::scoped_lock lock(volume_.mutex);
  co_return volume_.blobs.erase(digest) != 0;
}

Task<StorageSpace> MemoryBlobStore::space() {
  const std::scoped_lock lock(volume_.mutex);
  const std::uint64_t capacity = volume_.options().capacity_bytes;
  co_return StorageSpace{.total_bytes = capacity, .available_bytes = capacity - volume_.used_bytes_locked()};
}

Task<> MemoryBlobStore::check_health() {
  co_return;
}

Task<StoredFilePage> MemoryBlobFiles::list(FilePosition from, std::size_t limit) {
  const std::scoped_lock lock(volume_.mutex);
  StoredFilePage page;
  auto next = from.empty() ? volume_.blobs.begin() : volume_.blobs.upper_bound(Digest::parse(from).value());
  for (; next != volume_.blobs.end() && page.entries.size() < limit; ++next) {
    page.entries.push_back(
        {.path = layout::blob_path(next->first), .digest = next->first, .size_bytes = next->second.size()});
  }
  if (next != volume_.blobs.end()) page.next = std::prev(next)->first.to_string();
  co_return page;
}

Task<std::vector<FileLook>> MemoryBlobFiles::look_at(std::vector<Digest> digests, std::uint64_t read_up_to_bytes) {
  const std::scoped_lock lock(volume_.mutex);
  std::vector<FileLook> looks;
  for (const Digest& digest : digests) {
    FileLook& look = looks.emplace_back();
    const auto found = volume_.blobs.find(digest);
    if (found == volume_.blobs.end()) continue;
    look.size_bytes = found->second.size();
    if (found->second.size() <= read_up_to_bytes) look.bytes = found->second;
  }
  co_return looks;
}

Task<std::optional<std::string>> MemoryBlobFiles::quarantine(Digest digest) {
  const std::scoped_lock lock(volume_.mutex);
  auto blob = volume_.blobs.extract(digest);
  if (blob.empty()) co_return std::nullopt;
  unsigned number = 1;
  while (volume_.quarantine.contains(layout::quarantine_path(digest, number))) ++number;
  std::string path = layout::quarantine_path(digest, number);
  volume_.quarantine.emplace(path, std::move(blob.mapped()));
  co_return path;
}

Task<std::optional<std::string>> MemoryIdentityFile::read() {
  const std::scoped_lock lock(volume_.mutex);
  co_return volume_.identity;
}

Task<> MemoryIdentityFile::create(std::string id) {
  const std::scoped_lock lock(volume_.mutex);
  if (volume_.identity) throw Failure(FailureKind::storage, "berth/id exists already");
  volume_.identity = std::move(id);
  co_return;
}

Task<bool> MemoryIdentityFile::has_foreign_repositories() {
  const std::scoped_lock lock(volume_.mutex);
  co_return volume_.has_foreign_repositories;
}

}  // namespace berth
