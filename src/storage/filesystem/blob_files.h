// FilesystemBlobFiles: a walk over the directories of blobs, and the quarantine beside them.
#pragma once

#include "storage/blob_files.h"
#include "storage/filesystem/volume.h"

namespace berth {

class FilesystemBlobFiles final : public BlobFiles {
 public:
  explicit FilesystemBlobFiles(Volume& volume) : volume_(volume) {}

  Task<StoredFilePage> list(FilePosition from, std::size_t limit) override;
  Task<std::vector<FileLook>> look_at(std::vector<Digest> digests, std::uint64_t read_up_to_bytes) override;
  Task<std::optional<std::string>> quarantine(Digest digest) override;

 private:
  FileLook look_blocking(const Digest& digest, std::uint64_t read_up_to_bytes) const;

  Volume& volume_;
};

}  // namespace berth
