// SqliteTrashStore: deleted manifests in the embedded metadata database.
#pragma once

#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"
#include "metadata/trash_store.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteTrashStore final : public TrashStore {
 public:
  SqliteTrashStore(sqlite::Readers& readers, sqlite::WriteQueue& writer) : readers_(readers), writer_(writer) {}

  Task<Page<TrashedManifest>> list_trash(std::optional<RepositoryName> repository, std::int64_t after,
                                         std::size_t limit) override;
  Task<RestoreOutcome> restore(RestoreManifest request) override;
  Task<std::size_t> expire_trash(WallTime before, WallTime now, std::size_t limit) override;
  Task<TrashSummary> summarize_trash() override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
};

}  // namespace berth
