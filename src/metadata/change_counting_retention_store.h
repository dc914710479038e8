// ChangeCountingRetentionStore: counts what retention deletes, as ChangeCountingStore counts what clients change.
#pragma once

#include <utility>

#include "metadata/change_numbers.h"
#include "metadata/retention_store.h"

namespace berth {

/// Lifetime: `inner` and `changes` outlive it.
class ChangeCountingRetentionStore final : public RetentionStore {
 public:
  ChangeCountingRetentionStore(RetentionStore& inner, ChangeNumbers& changes) : inner_(inner), changes_(changes) {}

  Task<DeletedContents> delete_unchanged(DeleteUnchanged request) override;

  // Reads, and writes that make nothing untrue that was read before.
  Task<std::optional<std::vector<HeldManifest>>> held_manifests(RepositoryName repository, std::size_t limit) override {
    return inner_.held_manifests(std::move(repository), limit);
  }
  Task<> put_plan(RetentionPlanRecord plan, std::size_t keep) override {
    return inner_.put_plan(std::move(plan), keep);
  }
  Task<std::optional<RetentionPlanRecord>> find_plan(std::string id) override {
    return inner_.find_plan(std::move(id));
  }
  Task<> record_pulls(std::vector<PulledManifest> pulls) override { return inner_.record_pulls(std::move(pulls)); }

 private:
  RetentionStore& inner_;
  ChangeNumbers& changes_;
};

}  // namespace berth
