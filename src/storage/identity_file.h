// IdentityFile: berth/id beside the blobs. With the same id in the metadata it proves that both belong together.
#pragma once

#include <optional>
#include <string>

#include "async/task.h"

namespace berth {

/// Threading: any loop; used at start only. Failures: throws Failure(storage).
class IdentityFile {
 public:
  virtual ~IdentityFile() = default;
  /// The id, without the newline; nothing if there is no file. Throws if the file is not an id of ours.
  virtual Task<std::optional<std::string>> read() = 0;
  /// Writes it durably; throws if one exists.
  virtual Task<> create(std::string id) = 0;
  /// True if Distribution's repositories lie here (docker/registry/v2/repositories exists and is not empty).
  virtual Task<bool> has_foreign_repositories() = 0;
};

}  // namespace berth
