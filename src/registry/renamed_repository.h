// What is done for a repository, done again under its new name where it was renamed in the middle of it.
#pragma once

#include <utility>

#include "metadata/metadata_store.h"

namespace berth {

/// Each time needs another rename, so this is never reached by itself.
inline constexpr int kMostRenames = 10;

/// What `commit(repository)` gives; it throws RepositoryRenamed where it changed nothing. Lifetime: `commit` outlives
/// the task.
template <class Commit>
auto under_its_name(RepositoryName repository, const Commit& commit) -> decltype(commit(repository)) {
  for (int left = kMostRenames;; --left) {
    try {
      co_return co_await commit(repository);
    } catch (const RepositoryRenamed& renamed) {
      if (left == 0) throw;
      repository = renamed.to();
    }
  }
}

}  // namespace berth
