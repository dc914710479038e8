// The collector's side of the MemoryMetadataStore.
#include <algorithm>
#include <charconv>
#include <iterator>
#include <string>
#include <tuple>
#include <utility>

#include "metadata/memory/memory_metadata_store.h"
#include "metadata/memory/memory_transaction.h"
#include "metadata/preview_transaction.h"

namespace berth {
namespace {

/// Walks of a store in memory stand at a count; what is added before it meanwhile has an event of its own.
std::size_t count_in(const WalkPosition& position) {
  std::size_t count = 0;
  std::from_chars(position.data(), position.data() + position.size(), count);
  return count;
}

using Key = std::tuple<ReviewKind, std::optional<RepositoryName>, Digest>;

WalkPosition position_of(const Key& key) {
  const auto& [kind, repository, digest] = key;
  return std::to_string(std::to_underlying(kind)) + ' ' + digest.to_string() + ' ' +
         (repository ? repository->text() : std::string());
}

Key key_at(const WalkPosition& position) {
  const std::size_t first = position.find(' ');
  const std::size_t second = position.find(' ', first + 1);
  const std::string_view text = position;
  std::optional<RepositoryName> repository;
  if (second + 1 < text.size()) repository = RepositoryName::parse(text.substr(second + 1)).value();
  return {static_cast<ReviewKind>(count_in(position)), std::move(repository),
          Digest::parse(text.substr(first + 1, second - first - 1)).value()};
}

}  // namespace

class MemoryMetadataStore::Preview final : public CollectionPreview {
 public:
  explicit Preview(MemoryMetadataStore& store) : store_(store) {}

  Task<std::vector<ReviewOutcome>> settle(std::vector<Candidate> candidates, CollectionRules rules) override {
    const std::lock_guard lock(store_.mutex_);
    Transaction facts(store_, state_.gone);
    PreviewTransaction transaction(facts, state_);
    co_return settle_reviews(transaction, candidates, rules);
  }
  Task<std::vector<Candidate>> empty_trash() override {
    const std::lock_guard lock(store_.mutex_);
    state_.gone.is_trash_empty = true;
    std::vector<Candidate> needed;
    const auto add = [&needed](const Digest& digest) {
      needed.push_back({.kind = ReviewKind::blob, .repository = std::nullopt, .digest = digest, .due = std::nullopt});
    };
    for (const auto& [number, trashed] : store_.trash_) {
      add(trashed.digest());
      for (const ManifestReference& reference : trashed.manifest.references) add(reference.digest);
    }
    co_return needed;
  }
  std::vector<Candidate> take_follow_ups() override { return std::exchange(state_.follow_ups, {}); }

 private:
  MemoryMetadataStore& store_;
  PreviewState state_;
};

Task<std::vector<Candidate>> MemoryMetadataStore::due_candidates(WallTime now, std::size_t limit) {
  std::vector<Candidate> due;
  for (Review& review : co_await due_reviews(now, limit)) {
    due.push_back({review.kind, std::move(review.repository), review.digest, review.due});
  }
  co_return due;
}

Task<CandidatePage> MemoryMetadataStore::all_candidates(WalkPosition from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  CandidatePage page;
  auto next = from.empty() ? reviews_.begin() : reviews_.upper_bound(key_at(from));
  for (; next != reviews_.end() && page.entries.size() < limit; ++next) {
    const auto& [kind, repository, digest] = next->first;
    page.entries.push_back({kind, repository, digest, next->second});
  }
  if (next != reviews_.end()) page.next = position_of(std::prev(next)->first);
  co_return page;
}

Task<CandidatePage> MemoryMetadataStore::untagged_manifests(WalkPosition from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  const std::size_t first = count_in(from);
  std::size_t number = 0;
  CandidatePage page;
  for (const auto& [name, repository] : repositories_) {
    for (const auto& [digest, manifest] : repository.manifests) {
      if (number++ < first) continue;
      if (number > first + limit) {
        page.next = std::to_string(first + limit);
        co_return page;
      }
      if (!tags_of_manifest(repository, digest).empty()) continue;
      Candidate candidate{.kind = ReviewKind::manifest, .repository = name, .digest = digest, .due = std::nullopt};
      const auto review = reviews_.find(ReviewKey(ReviewKind::manifest, name, digest));
      if (review != reviews_.end()) candidate.due = review->second;
      page.entries.push_back(std::move(candidate));
    }
  }
  co_return page;
}

Task<std::vector<ReviewOutcome>> MemoryMetadataStore::settle(std::vector<Candidate> candidates, CollectionRules rules) {
  const std::lock_guard lock(mutex_);
  const GoneContent nothing;
  Transaction transaction(*this, nothing);
  co_return settle_reviews(transaction, candidates, rules);
}

std::unique_ptr<CollectionPreview> MemoryMetadataStore::preview() {
  return std::make_unique<Preview>(*this);
}

Task<std::vector<DeletingBlob>> MemoryMetadataStore::deleting_blobs(std::optional<Digest> after, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<DeletingBlob> blobs;
  for (auto next = after ? blobs_.upper_bound(*after) : blobs_.begin(); next != blobs_.end(); ++next) {
    if (blobs.size() == limit) break;
    if (next->second.state == BlobState::deleting) blobs.push_back({next->first, next->second.size_bytes});
  }
  co_return blobs;
}

Task<> MemoryMetadataStore::finish_removals(std::vector<Digest> blobs) {
  const std::lock_guard lock(mutex_);
  for (const Digest& digest : blobs) {
    const auto found = blobs_.find(digest);
    if (found != blobs_.end() && found->second.state == BlobState::deleting) blobs_.erase(found);
  }
  co_return;
}

Task<Explanation> MemoryMetadataStore::explain(Digest digest, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  Explanation explanation;
  const auto add = [&explanation, limit](Keeper keeper) {
    if (explanation.keepers.size() < limit) explanation.keepers.push_back(std::move(keeper));
  };
  if (const auto blob = blobs_.find(digest); blob != blobs_.end()) {
    explanation.blob = BlobFacts{blob->second.size_bytes, blob->second.state};
  }
  for (const auto& [name, repository] : repositories_) {
    if (const auto manifest = repository.manifests.find(digest); manifest != repository.manifests.end()) {
      for (const Tag& tag : tags_of_manifest(repository, digest)) {
        add({.kind = KeeperKind::tag, .repository = name, .tag = tag});
      }
      if (manifest->second.pin) add({.kind = KeeperKind::pin, .repository = name});
      if (const auto& subject = manifest->second.subject; subject && repository.manifests.contains(*subject)) {
        add({.kind = KeeperKind::subject, .repository = name, .by = subject});
      }
      add({.kind = KeeperKind::promise, .repository = name, .until = manifest->second.record.promised_until});
    }
    if (const auto link = repository.links.find(digest); link != repository.links.end()) {
      add({.kind = KeeperKind::link, .repository = name, .until = link->second});
    }
    for (const auto& [by, manifest] : repository.manifests) {
      const auto named = std::ranges::find(manifest.references, digest, &ManifestReference::digest);
      if (named == manifest.references.end()) continue;
      const bool is_index = named->kind == ReferenceKind::manifest;
      add({.kind = is_index ? KeeperKind::index : KeeperKind::reference, .repository = name, .by = by});
    }
  }
  for (const auto& [key, due] : reviews_) {
    const auto& [kind, repository, of] = key;
    if (of == digest && explanation.reviews.size() < limit) explanation.reviews.push_back({kind, repository, of, due});
  }
  for (auto removal = removals_.rbegin(); removal != removals_.rend(); ++removal) {
    if (removal->digest == digest && explanation.removals.size() < limit) explanation.removals.push_back(*removal);
  }
  co_return explanation;
}

Task<std::size_t> MemoryMetadataStore::forget_removals(WallTime before, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::size_t count = 0;
  co_return std::erase_if(removals_, [&](const Removal& removal) { return removal.at < before && count++ < limit; });
}

}  // namespace berth
