// ChangeCountingRepositoryStore: counts what is deleted and renamed as a whole, as ChangeCountingStore counts what
// clients change.
#pragma once

#include <utility>

#include "metadata/change_numbers.h"
#include "metadata/repository_store.h"

namespace berth {

/// Lifetime: `inner` and `changes` outlive it.
class ChangeCountingRepositoryStore final : public RepositoryStore {
 public:
  ChangeCountingRepositoryStore(RepositoryStore& inner, ChangeNumbers& changes) : inner_(inner), changes_(changes) {}

  Task<DeleteRepositoryOutcome> delete_repository(DeleteRepository request) override;
  Task<RenameRepositoryOutcome> rename_repository(RenameRepository request) override;
  Task<bool> delete_alias(RepositoryName alias) override;

  Task<Page<RepositoryAlias>> list_aliases(std::optional<RepositoryName> after, std::size_t limit) override {
    return inner_.list_aliases(std::move(after), limit);
  }

 private:
  RepositoryStore& inner_;
  ChangeNumbers& changes_;
};

}  // namespace berth
