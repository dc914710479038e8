// The MemoryMetadataStore as retention sees it, and the jobs' rows.
#include <algorithm>
#include <utility>
#include <variant>

#include "content/cosign_tag.h"
#include "metadata/memory/memory_metadata_store.h"

namespace berth {

bool MemoryMetadataStore::is_child_of_index(const Repository& repository, const Digest& digest) const {
  return std::ranges::any_of(repository.manifests, [&digest](const auto& entry) {
    return std::ranges::any_of(entry.second.references, [&digest](const ManifestReference& reference) {
      return reference.kind == ReferenceKind::manifest && reference.digest == digest;
    });
  });
}

Task<std::optional<std::vector<HeldManifest>>> MemoryMetadataStore::held_manifests(RepositoryName repository,
                                                                                   std::size_t limit) {
  const std::lock_guard lock(mutex_);
  std::vector<HeldManifest> held;
  const Repository* home = find_repository(repository);
  if (!home) co_return held;
  if (home->manifests.size() + home->tags.size() > limit) co_return std::nullopt;
  for (const auto& [digest, manifest] : home->manifests) {
    HeldManifest& each = held.emplace_back(
        HeldManifest{.digest = digest,
                     .media_type = manifest.record.media_type,
                     .artifact_type = manifest.record.artifact_type,
                     .size_bytes = manifest.record.bytes.size(),
                     .pushed = manifest.record.pushed,
                     .last_pulled = manifest.last_pulled,
                     .promised_until = manifest.record.promised_until,
                     .is_child_of_index = is_child_of_index(*home, digest),
                     .has_live_subject = manifest.subject && home->manifests.contains(*manifest.subject),
                     .is_pinned = manifest.pin.has_value()});
    for (Tag& tag : tags_of_manifest(*home, digest)) {
      const WallTime since = home->history.at(tag.text()).back().when;
      each.tags.push_back({.tag = std::move(tag), .since = since});
    }
  }
  co_return held;
}

std::optional<DeletionOutcome> MemoryMetadataStore::obstacle_to(const RepositoryName& name,
                                                                const UnchangedContent& content, WallTime now) {
  const Repository* home = find_repository(name);
  if (!home) return DeletionOutcome::changed;
  const auto found = home->manifests.find(content.digest);
  if (found == home->manifests.end()) return DeletionOutcome::changed;
  const Manifest& manifest = found->second;
  const bool has_live_subject = manifest.subject && home->manifests.contains(*manifest.subject);
  if (content.tag) {
    const auto named = home->tags.find(content.tag->text());
    if (named == home->tags.end() || named->second != content.digest) return DeletionOutcome::changed;
    if (home->history.at(content.tag->text()).back().when != content.since) return DeletionOutcome::changed;
    const std::optional<Digest> subject = cosign_subject(*content.tag);
    const bool has_subject = subject && home->manifests.contains(*subject);
    const bool is_held = has_live_subject || has_subject || manifest.pin;
    return is_held ? std::optional(DeletionOutcome::in_use) : std::nullopt;
  }
  if (manifest.record.pushed != content.since) return DeletionOutcome::changed;
  const bool is_used = !tags_of_manifest(*home, content.digest).empty() || manifest.record.promised_until > now ||
                       is_child_of_index(*home, content.digest) || has_live_subject || manifest.pin;
  return is_used ? std::optional(DeletionOutcome::in_use) : std::nullopt;
}

Task<DeletedContents> MemoryMetadataStore::delete_unchanged(DeleteUnchanged request) {
  const std::lock_guard lock(mutex_);
  DeletedContents deleted;
  for (const UnchangedContent& content : request.contents) {
    if (const auto obstacle = obstacle_to(request.repository, content, request.now)) {
      deleted.outcomes.push_back(*obstacle);
      continue;
    }
    DeletionOutcome& outcome = deleted.outcomes.emplace_back(DeletionOutcome::deleted);
    if (content.tag) {
      const DeleteTagOutcome done = delete_tag_locked({.repository = request.repository,
                                                       .tag = *content.tag,
                                                       .limits = {.tags = {}, .protects = request.protects},
                                                       .who = request.who,
                                                       .now = request.now,
                                                       .review_due = request.review_due});
      if (std::holds_alternative<TagProtected>(done)) outcome = DeletionOutcome::protected_by_tag;
      continue;
    }
    const DeleteManifestOutcome done = delete_manifest_locked({.repository = request.repository,
                                                               .digest = content.digest,
                                                               .who = request.who,
                                                               .now = request.now,
                                                               .review_due = request.review_due,
                                                               .to_trash = request.to_trash});
    if (const auto* gone = std::get_if<ManifestDeleted>(&done)) {
      deleted.unlisted_repository = deleted.unlisted_repository || gone->unlisted_repository;
    }
  }
  co_return deleted;
}

Task<> MemoryMetadataStore::put_plan(RetentionPlanRecord plan, std::size_t keep) {
  const std::lock_guard lock(mutex_);
  const std::string id = plan.id;
  plans_.insert_or_assign(id, std::move(plan));
  while (plans_.size() > keep) {
    plans_.erase(std::ranges::min_element(plans_, {}, [](const auto& entry) { return entry.second.made; }));
  }
  co_return;
}

Task<std::optional<RetentionPlanRecord>> MemoryMetadataStore::find_plan(std::string id) {
  const std::lock_guard lock(mutex_);
  const auto found = plans_.find(id);
  if (found == plans_.end()) co_return std::nullopt;
  co_return found->second;
}

Task<> MemoryMetadataStore::record_pulls(std::vector<PulledManifest> pulls) {
  const std::lock_guard lock(mutex_);
  for (const PulledManifest& pull : pulls) {
    Repository* home = find_repository(pull.repository);
    if (!home) continue;
    const auto found = home->manifests.find(pull.digest);
    if (found == home->manifests.end()) continue;
    std::optional<WallTime>& last = found->second.last_pulled;
    last = std::max(last.value_or(pull.at), pull.at);
  }
  co_return;
}

Task<> MemoryMetadataStore::put_jobs(std::vector<JobRecord> jobs) {
  const std::lock_guard lock(mutex_);
  for (JobRecord& job : jobs) {
    const std::string name = job.name;
    jobs_.insert_or_assign(name, std::move(job));
  }
  co_return;
}

Task<std::vector<JobRecord>> MemoryMetadataStore::list_jobs() {
  const std::lock_guard lock(mutex_);
  std::vector<JobRecord> jobs;
  for (const auto& [name, job] : jobs_) jobs.push_back(job);
  co_return jobs;
}

}  // namespace berth
