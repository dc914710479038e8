// FilesystemIdentityFile: berth/id under the root directory.
#pragma once

#include "storage/filesystem/volume.h"
#include "storage/identity_file.h"

namespace berth {

class FilesystemIdentityFile final : public IdentityFile {
 public:
  explicit FilesystemIdentityFile(Volume& volume) : volume_(volume) {}

  Task<std::optional<std::string>> read() override;
  /// Crash: the file is whole or absent.
  Task<> create(std::string id) override;
  Task<bool> has_foreign_repositories() override;

 private:
  std::optional<std::string> read_blocking();
  void create_blocking(const std::string& id);

  Volume& volume_;
};

}  // namespace berth
