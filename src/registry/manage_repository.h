// ManageRepository: what an administrator does to a repository as a whole: deletes it, brings it back, renames it.
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>

#include "async/key_lock.h"
#include "base/clock.h"
#include "base/result.h"
#include "metadata/metadata_store.h"
#include "metadata/repository_store.h"
#include "registry/alias_book.h"
#include "registry/policy.h"
#include "registry/read_only_mode.h"
#include "registry/undo_change.h"

namespace berth {

struct RepositoryGone {
  std::size_t manifests = 0;
  std::size_t tags = 0;
  bool is_in_trash = false;  ///< bring_back() gets it back while the trash keeps it
};

struct RepositoryBack {
  std::size_t manifests = 0;
  std::size_t tags = 0;
  std::size_t taken = 0;  ///< tags that name something else now and were left alone
};

/// Threading: any loop. Lifetime: what it is made of outlives it.
class ManageRepository {
 public:
  struct World {
    MetadataStore& metadata;
    RepositoryStore& repositories;
    TrashStore& trash;
    AliasBook& aliases;
    UndoChange& undo;
    const ReadOnlyMode& read_only;
    const Clock& clock;
  };
  ManageRepository(World world, const RegistryPolicy& policy) : world_(world), policy_(policy) {}

  /// All that it has, in pieces, until nothing is left: what is pushed meanwhile goes, too. name_unknown, denied (a
  /// protected tag: nothing was deleted, unless the tag came meanwhile), deletes_disabled, read_only.
  Task<Result<RepositoryGone>> remove(RepositoryName repository, std::string who, TagGuard protects);

  /// What went last: all that one remove() took, or a manifest that was deleted after it. Where it is refused half-way,
  /// doing it again goes on. not_found (nothing of it is in the trash), and what UndoChange refuses.
  Task<Result<RepositoryBack>> bring_back(RepositoryName repository, std::string who);

  /// `alias` is how long the old name stands for the new one; 0: not at all. name_unknown, conflict (something
  /// else has the new name), read_only.
  Task<Result<void>> rename(RepositoryName from, RepositoryName to, std::chrono::seconds alias);

  Task<Page<RepositoryAlias>> list_aliases(std::optional<RepositoryName> after, std::size_t limit);
  /// not_found, read_only.
  Task<Result<void>> remove_alias(RepositoryName alias);

 private:
  Result<void> check_writable() const;
  /// The first tag that must not go, so that nothing goes.
  Task<std::optional<Tag>> find_protected(RepositoryName repository, TagGuard protects);

  Task<> forget_expired_aliases(WallTime now);
  /// The meaning of names changes: one change at a time.
  Task<> load_aliases();

  const World world_;
  const RegistryPolicy& policy_;
  KeyLock turns_;
};

}  // namespace berth
