// The contract of CollectionStore and TrashStore: what every implementation must do. collection_contract_test.cpp names
// who runs it; the tests of the trash stand in trash_contract_test.cpp.
#pragma once

#include <set>
#include <string>
#include <utility>

#include "metadata/change_numbers.h"
#include "metadata/collection_store.h"
#include "metadata/metadata_store_contract.h"
#include "metadata/trash_store.h"

namespace berth {

/// Both sides of one store.
struct CollectedStore {
  std::unique_ptr<MetadataStore> metadata;
  CollectionStore* collection = nullptr;
  TrashStore* trash = nullptr;
  std::unique_ptr<CollectionStore> counted = {};
  std::unique_ptr<TrashStore> counted_trash = {};
  std::unique_ptr<ChangeNumbers> changes = {};
};

struct CollectedStoreFactory {
  std::string name;
  CollectedStore (*make)(const std::filesystem::path& directory);
};

inline CollectionRules keep_all(WallTime now) {
  return {.now = now};
}
inline CollectionRules take_untagged(WallTime now) {
  return {.now = now, .keep_untagged = std::chrono::seconds(0)};
}
inline CollectionRules with_trash(CollectionRules rules) {
  rules.uses_trash = true;
  return rules;
}

class CollectionContract : public testing::TestWithParam<CollectedStoreFactory> {
 protected:
  MetadataStore& store() { return *made_.metadata; }
  CollectionStore& collection() { return *made_.collection; }
  TrashStore& trash() { return *made_.trash; }
  ChangeNumbers* changes() { return made_.changes.get(); }
  void start_afresh() {
    made_ = {};
    directory_ = std::make_unique<TemporaryDirectory>();
    made_ = GetParam().make(directory_->path());
  }

  void commit(CommitBlob to_commit) { run_task(store().commit_blob(std::move(to_commit))); }
  void put(PutManifest to_put) {
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(run_task(store().put_manifest(std::move(to_put)))));
  }
  void remove(std::string_view repository, std::string_view content) {
    run_task(store().delete_manifest(deletion(repository, content)));
  }
  void throw_away(std::string_view repository, std::string_view content) {
    DeleteManifest request = deletion(repository, content);
    request.to_trash = true;
    ASSERT_TRUE(std::holds_alternative<ManifestDeleted>(run_task(store().delete_manifest(request))));
  }
  RestoreOutcome restore(std::string_view repository, std::string_view content) {
    return run_task(trash().restore({.repository = repo(repository),
                                     .digest = digest(content),
                                     .who = "carol",
                                     .now = at(50),
                                     .promised_until = at(2000),
                                     .review_due = at(3000)}));
  }
  std::size_t trash_size() { return run_task(trash().list_trash(std::nullopt, 0, 1000)).entries.size(); }

  std::optional<Candidate> review(ReviewKind kind, const std::optional<RepositoryName>& repository, const Digest& of) {
    for (const Candidate& candidate : run_task(collection().all_candidates({}, 100'000)).entries) {
      if (candidate.kind == kind && candidate.repository == repository && candidate.digest == of) return candidate;
    }
    return std::nullopt;
  }
  std::optional<Candidate> link_review(std::string_view content) {
    return review(ReviewKind::link, repo("a"), digest(content));
  }
  std::optional<Candidate> manifest_review(std::string_view content) {
    return review(ReviewKind::manifest, repo("a"), digest(content));
  }
  std::optional<Candidate> blob_review(std::string_view content) {
    return review(ReviewKind::blob, std::nullopt, digest(content));
  }

  ReviewOutcome settle(const std::optional<Candidate>& candidate, const CollectionRules& rules) {
    if (!candidate) {
      ADD_FAILURE() << "there is no such review";
      return {.candidate = {ReviewKind::blob, std::nullopt, digest(""), std::nullopt}};
    }
    return run_task(collection().settle({*candidate}, rules)).at(0);
  }

  /// Everything, to a fixed point. What was removed, as text.
  std::multiset<std::string> collect(const CollectionRules& rules) {
    std::multiset<std::string> removed;
    for (bool is_first = true;; is_first = false) {
      std::vector<Candidate> candidates = is_first ? run_task(collection().all_candidates({}, 100'000)).entries
                                                   : run_task(collection().due_candidates(rules.now, 100'000));
      if (is_first) {
        for (Candidate& each : run_task(collection().untagged_manifests({}, 100'000)).entries) {
          if (!each.due) candidates.push_back(std::move(each));
        }
      }
      if (candidates.empty() && !is_first) return removed;
      add_removed(run_task(collection().settle(std::move(candidates), rules)), removed);
    }
  }

  std::multiset<std::string> preview(const CollectionRules& rules) {
    std::multiset<std::string> removed;
    const auto preview = collection().preview();
    std::vector<Candidate> candidates = run_task(collection().all_candidates({}, 100'000)).entries;
    for (Candidate& each : run_task(collection().untagged_manifests({}, 100'000)).entries) {
      if (!each.due) candidates.push_back(std::move(each));
    }
    while (!candidates.empty()) {
      add_removed(run_task(preview->settle(std::move(candidates), rules)), removed);
      candidates = preview->take_follow_ups();
    }
    return removed;
  }

  static void add_removed(const std::vector<ReviewOutcome>& outcomes, std::multiset<std::string>& removed) {
    for (const ReviewOutcome& outcome : outcomes) {
      if (outcome.verdict != Verdict::removed) continue;
      EXPECT_FALSE(outcome.why.empty());
      const Candidate& what = outcome.candidate;
      removed.insert(std::to_string(std::to_underlying(what.kind)) + " " +
                     (what.repository ? what.repository->text() : "-") + " " + what.digest.to_string() + " " +
                     std::to_string(outcome.size_bytes));
    }
  }

  std::unique_ptr<TemporaryDirectory> directory_ = std::make_unique<TemporaryDirectory>();
  CollectedStore made_ = GetParam().make(directory_->path());
};

}  // namespace berth
