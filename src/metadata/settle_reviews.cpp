#include "metadata/settle_reviews.h"

#include <algorithm>
#include <utility>

#include "content/cosign_tag.h"

namespace berth {
namespace {

/// Nothing: nothing keeps it. What ends by itself comes last, so that it is told only if nothing better keeps it.
std::optional<Keeper> keeper_of_manifest(CollectionTransaction& transaction, const RepositoryName& repository,
                                         const Digest& digest, const ManifestFacts& facts,
                                         const CollectionRules& rules) {
  for (const Tag& tag : facts.tags) {
    // A signature under cosign's tag belongs to what it signs: without that it counts as untagged.
    const std::optional<Digest> signed_manifest = cosign_subject(tag);
    if (signed_manifest && !transaction.has_manifest(repository, *signed_manifest)) continue;
    return Keeper{.kind = KeeperKind::tag, .repository = repository, .tag = tag};
  }
  if (facts.is_pinned) return Keeper{.kind = KeeperKind::pin, .repository = repository};
  if (const std::optional<Digest> index = transaction.index_naming(repository, digest)) {
    return Keeper{.kind = KeeperKind::index, .repository = repository, .by = index};
  }
  if (facts.subject && transaction.has_manifest(repository, *facts.subject)) {
    return Keeper{.kind = KeeperKind::subject, .repository = repository, .by = facts.subject};
  }
  if (!rules.keep_untagged) return Keeper{.kind = KeeperKind::untagged, .repository = repository};
  if (facts.promised_until > rules.now) {
    return Keeper{.kind = KeeperKind::promise, .repository = repository, .until = facts.promised_until};
  }
  const WallTime until = facts.last_used + *rules.keep_untagged;
  if (until > rules.now) return Keeper{.kind = KeeperKind::untagged, .repository = repository, .until = until};
  return std::nullopt;
}

std::optional<Keeper> keeper_of_link(CollectionTransaction& transaction, const RepositoryName& repository,
                                     const Digest& digest, WallTime promised_until, const CollectionRules& rules) {
  if (const std::optional<Digest> manifest = transaction.manifest_naming(repository, digest)) {
    return Keeper{.kind = KeeperKind::manifest, .repository = repository, .by = manifest};
  }
  if (promised_until > rules.now) {
    return Keeper{.kind = KeeperKind::promise, .repository = repository, .until = promised_until};
  }
  return std::nullopt;
}

class Settlement {
 public:
  Settlement(CollectionTransaction& transaction, const CollectionRules& rules)
      : transaction_(transaction), rules_(rules) {}

  ReviewOutcome settle(const Candidate& candidate) {
    ReviewOutcome outcome{.candidate = candidate};
    if ((rules_.may_remove && !rules_.may_remove()) || transaction_.review_due(candidate) != candidate.due) {
      outcome.verdict = Verdict::superseded;
      return outcome;
    }
    switch (candidate.kind) {
      case ReviewKind::manifest:
        settle_manifest(*candidate.repository, outcome);
        break;
      case ReviewKind::link:
        settle_link(*candidate.repository, outcome);
        break;
      case ReviewKind::blob:
        settle_blob(outcome);
        break;
    }
    if (outcome.verdict == Verdict::waiting) {
      transaction_.schedule(candidate, *outcome.keeper->until);
    } else if (candidate.due) {
      transaction_.finish_review(candidate);
    }
    // After its own review is done with: a blob's removal may schedule the same blob.
    for (const Candidate& next : follow_ups_) schedule(next);
    follow_ups_.clear();
    return outcome;
  }

 private:
  void settle_manifest(const RepositoryName& repository, ReviewOutcome& outcome) {
    const Digest& digest = outcome.candidate.digest;
    const std::optional<ManifestFacts> facts = transaction_.manifest(repository, digest);
    if (!facts) return look_at_blob(digest);
    outcome.size_bytes = facts->size_bytes;
    if (keep(keeper_of_manifest(transaction_, repository, digest, *facts, rules_), outcome)) return;
    outcome.why = !facts->tags.empty() ? "what it signs is gone"
                  : facts->subject     ? "its subject is gone"
                                       : "no tag and no index names it";
    const RemovedManifest removed = transaction_.remove_manifest(repository, digest, rules_);
    outcome.tags = facts->tags;
    outcome.unlisted_repository = removed.unlisted_repository;
    record(outcome);
  }

  void settle_link(const RepositoryName& repository, ReviewOutcome& outcome) {
    const Digest& digest = outcome.candidate.digest;
    const std::optional<WallTime> promised_until = transaction_.link(repository, digest);
    // What a manifest named without a link was kept by that manifest alone.
    if (!promised_until) return look_at_blob(digest);
    if (keep(keeper_of_link(transaction_, repository, digest, *promised_until, rules_), outcome)) {
      if (outcome.verdict != Verdict::waiting) return;
      const std::optional<BlobFacts> blob = transaction_.blob(digest);
      outcome.size_bytes = blob ? blob->size_bytes : 0;
      return;
    }
    outcome.why = "no manifest of the repository names it";
    transaction_.remove_link(repository, digest);
    look_at_blob(digest);
  }

  void settle_blob(ReviewOutcome& outcome) {
    const Digest& digest = outcome.candidate.digest;
    const std::optional<BlobFacts> facts = transaction_.blob(digest);
    if (!facts || facts->state == BlobState::deleting) return;
    outcome.size_bytes = facts->size_bytes;
    if (keep(keeper_of_blob(transaction_, digest), outcome)) return;
    outcome.why = "no repository links it and no manifest names it";
    transaction_.mark_blob_deleting(digest);
    record(outcome);
  }

  /// True if something keeps it. Leaves the verdict `removed` otherwise: the caller sees to it.
  static bool keep(std::optional<Keeper> keeper, ReviewOutcome& outcome) {
    outcome.keeper = std::move(keeper);
    outcome.verdict = !outcome.keeper ? Verdict::removed : outcome.keeper->until ? Verdict::waiting : Verdict::kept;
    return outcome.keeper.has_value();
  }

  void look_at_blob(const Digest& digest) {
    follow_ups_.push_back(
        {.kind = ReviewKind::blob, .repository = std::nullopt, .digest = digest, .due = std::nullopt});
  }

  void schedule(const Candidate& next) {
    if (transaction_.blob(next.digest)) transaction_.schedule(next, rules_.now);
  }

  void record(const ReviewOutcome& outcome) {
    transaction_.record_removal({.at = rules_.now,
                                 .kind = outcome.candidate.kind,
                                 .repository = outcome.candidate.repository,
                                 .digest = outcome.candidate.digest,
                                 .size_bytes = outcome.size_bytes,
                                 .why = outcome.why});
  }

  CollectionTransaction& transaction_;
  const CollectionRules& rules_;
  std::vector<Candidate> follow_ups_;
};

}  // namespace

std::string_view name_of(KeeperKind kind) {
  switch (kind) {
    case KeeperKind::tag:
      return "tag";
    case KeeperKind::pin:
      return "pin";
    case KeeperKind::index:
      return "index";
    case KeeperKind::subject:
      return "subject";
    case KeeperKind::promise:
      return "promise";
    case KeeperKind::untagged:
      return "untagged";
    case KeeperKind::manifest:
      return "manifest";
    case KeeperKind::link:
      return "link";
    case KeeperKind::reference:
      return "reference";
    case KeeperKind::copy:
      return "copy";
    case KeeperKind::trash:
      return "trash";
  }
  return "";
}

std::string deleted_by(const std::string& who) {
  return who.empty() ? "deleted by an anonymous client" : "deleted by " + who;
}

std::optional<Keeper> keeper_of_blob(CollectionTransaction& transaction, const Digest& digest) {
  if (std::optional<RepositoryName> repository = transaction.linking_repository(digest)) {
    return Keeper{.kind = KeeperKind::link, .repository = std::move(repository)};
  }
  if (std::optional<Keeper> reference = transaction.reference_to(digest)) return reference;
  if (std::optional<RepositoryName> repository = transaction.repository_with_manifest(digest)) {
    return Keeper{.kind = KeeperKind::copy, .repository = std::move(repository)};
  }
  return transaction.trash_needing(digest);
}

std::vector<ReviewOutcome> settle_reviews(CollectionTransaction& transaction, std::span<const Candidate> candidates,
                                          const CollectionRules& rules) {
  Settlement settlement(transaction, rules);
  std::vector<ReviewOutcome> outcomes;
  outcomes.reserve(candidates.size());
  for (const Candidate& candidate : candidates) outcomes.push_back(settlement.settle(candidate));
  return outcomes;
}

}  // namespace berth
