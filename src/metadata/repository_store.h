// RepositoryStore: what is done to a repository as a whole: it is deleted, renamed, and known by an old name for a
// while.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/task.h"
#include "metadata/metadata_store.h"
#include "metadata/page.h"
#include "metadata/records.h"

namespace berth {

struct DeleteRepository {
  RepositoryName repository;
  std::string who;
  WallTime now;
  WallTime review_due;
  TagGuard protects = {};  ///< nothing is deleted if such a tag would go with it
  bool to_trash = false;   ///< its manifests can be brought back (trash_store.h), by `now`
  std::size_t limit = 500;
};
enum class RepositoryUnknown {};
struct RepositoryDeleted {
  std::size_t manifests = 0;
  std::size_t tags = 0;
  bool is_all = false;  ///< the repository is gone; else there are more manifests
};
using DeleteRepositoryOutcome = std::variant<RepositoryDeleted, RepositoryUnknown, TagProtected>;

struct RenameRepository {
  RepositoryName from;
  RepositoryName to;
  WallTime now;
  std::optional<WallTime> alias_until;  ///< the old name stands for the new one until then
};
struct Renamed {};
/// Something else has that name.
enum class NameTaken { by_repository, by_trash, by_alias };
using RenameRepositoryOutcome = std::variant<Renamed, RepositoryUnknown, NameTaken>;

struct RepositoryAlias {
  RepositoryName name;
  RepositoryName repository;  ///< what it stands for
  WallTime until;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class RepositoryStore {
 public:
  virtual ~RepositoryStore() = default;

  /// Removes at most `limit` of its manifests, with their tags and the links that nothing else of the repository needs.
  /// With the last of them the repository is unknown, until something is put into it again; the histories of its tags
  /// and its trash stay.
  virtual Task<DeleteRepositoryOutcome> delete_repository(DeleteRepository request) = 0;

  /// All that the repository has (manifests, tags and their histories, links, trash, uploads under way, names it had
  /// before) is the new name's. A repository that was deleted gives its name up, unless its trash still holds
  /// something.
  virtual Task<RenameRepositoryOutcome> rename_repository(RenameRepository request) = 0;

  /// In order of their names, after `after`.
  virtual Task<Page<RepositoryAlias>> list_aliases(std::optional<RepositoryName> after, std::size_t limit) = 0;
  /// False if there is none.
  virtual Task<bool> delete_alias(RepositoryName alias) = 0;
};

}  // namespace berth
