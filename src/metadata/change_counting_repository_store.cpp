#include "metadata/change_counting_repository_store.h"

#include "base/at_end.h"

namespace berth {

// So rare, and of so much, that it is not worth counting one by one.

Task<DeleteRepositoryOutcome> ChangeCountingRepositoryStore::delete_repository(DeleteRepository request) {
  const AtEnd count([this] { changes_.everything_changed(); });
  co_return co_await inner_.delete_repository(std::move(request));
}

Task<RenameRepositoryOutcome> ChangeCountingRepositoryStore::rename_repository(RenameRepository request) {
  const AtEnd count([this] { changes_.everything_changed(); });
  co_return co_await inner_.rename_repository(std::move(request));
}

Task<bool> ChangeCountingRepositoryStore::delete_alias(RepositoryName alias) {
  const AtEnd count([this] { changes_.everything_changed(); });
  co_return co_await inner_.delete_alias(std::move(alias));
}

}  // namespace berth
