// ChangeCountingTrashStore: counts what is brought back, as ChangeCountingStore counts what clients change.
#pragma once

#include <utility>

#include "metadata/change_numbers.h"
#include "metadata/trash_store.h"

namespace berth {

/// Lifetime: `inner` and `changes` outlive it.
class ChangeCountingTrashStore final : public TrashStore {
 public:
  ChangeCountingTrashStore(TrashStore& inner, ChangeNumbers& changes) : inner_(inner), changes_(changes) {}

  Task<RestoreOutcome> restore(RestoreManifest request) override;

  // Reads, and what makes nothing untrue that was read before.
  Task<Page<TrashedManifest>> list_trash(std::optional<RepositoryName> repository, std::int64_t after,
                                         std::size_t limit) override {
    return inner_.list_trash(std::move(repository), after, limit);
  }
  Task<std::size_t> expire_trash(WallTime before, WallTime now, std::size_t limit) override {
    return inner_.expire_trash(before, now, limit);
  }
  Task<TrashSummary> summarize_trash() override { return inner_.summarize_trash(); }

 private:
  TrashStore& inner_;
  ChangeNumbers& changes_;
};

}  // namespace berth
