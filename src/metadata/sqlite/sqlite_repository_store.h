// SqliteRepositoryStore: whole repositories in the embedded metadata database.
#pragma once

#include "metadata/repository_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteRepositoryStore final : public RepositoryStore {
 public:
  SqliteRepositoryStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<DeleteRepositoryOutcome> delete_repository(DeleteRepository request) override;
  Task<RenameRepositoryOutcome> rename_repository(RenameRepository request) override;
  Task<Page<RepositoryAlias>> list_aliases(std::optional<RepositoryName> after, std::size_t limit) override;
  Task<bool> delete_alias(RepositoryName alias) override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth
