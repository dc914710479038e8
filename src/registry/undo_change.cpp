#include "registry/undo_change.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

namespace berth {

UndoChange::UndoChange(MetadataStore& metadata, TrashStore& trash, PushManifest& push_manifest,
                       DeleteContent& delete_content, const Clock& clock, const RegistryPolicy& policy,
                       const ReadOnlyMode& read_only)
    : metadata_(metadata),
      trash_(trash),
      push_manifest_(push_manifest),
      delete_content_(delete_content),
      clock_(clock),
      policy_(policy),
      read_only_(read_only) {}

Task<Result<Undone>> UndoChange::undo_tag(RepositoryName repository, Tag tag, std::string who) {
  if (read_only_.is_on()) co_return refuse(ErrorCode::read_only, "the registry is read-only");
  const std::vector<TagChange> history = co_await metadata_.tag_history(repository, tag, 1);
  if (history.empty()) {
    co_return refuse(ErrorCode::not_found,
                     fmt::format("nothing is known of the tag {}:{}", repository.text(), tag.text()), {tag.text()});
  }
  const TagChange& last = history.front();
  TagPrecondition unchanged;
  if (last.to) {
    unchanged.if_match = {*last.to};
  } else {
    unchanged.if_none_match_any = true;
  }
  if (!last.from) {
    Result<void> deleted = co_await delete_content_.delete_tag(repository, tag, {.tags = std::move(unchanged)}, who);
    if (!deleted) co_return std::unexpected(std::move(deleted.error()));
    co_return Undone{};
  }
  Undone undone{.names = last.from};
  std::optional<ManifestRecord> manifest = co_await metadata_.find_manifest(repository, *last.from);
  if (!manifest) {
    Result<Undone> restored = co_await restore_manifest(repository, *last.from, who);
    if (!restored) co_return restored;
    undone = *std::move(restored);
    undone.names = last.from;
    // It came back with it.
    if (std::ranges::find(undone.tags, tag) != undone.tags.end()) co_return undone;
    manifest = co_await metadata_.find_manifest(repository, *last.from);
    if (!manifest) co_return refuse(ErrorCode::not_found, "the manifest was deleted meanwhile");
  }
  PushManifestRequest push{.repository = std::move(repository),
                           .reference = tag,
                           .more_tags = {},
                           .content_type = manifest->media_type,
                           .bytes = std::string(manifest->bytes.view()),
                           .precondition = std::move(unchanged),
                           .who = std::move(who)};
  // A tag is pushed by the digest that it named, whatever algorithm that has.
  if (last.from->algorithm() != HashAlgorithm::sha256) {
    push.reference = *last.from;
    push.more_tags = {tag};
  }
  Result<PushedManifest> pushed = co_await push_manifest_.push(std::move(push));
  if (!pushed) co_return std::unexpected(std::move(pushed.error()));
  co_return undone;
}

Task<Result<Undone>> UndoChange::restore_manifest(RepositoryName repository, Digest digest, std::string who) {
  if (read_only_.is_on()) co_return refuse(ErrorCode::read_only, "the registry is read-only");
  const WallTime now = clock_.now();
  RestoreOutcome outcome = co_await trash_.restore({.repository = repository,
                                                    .digest = digest,
                                                    .who = std::move(who),
                                                    .now = now,
                                                    .promised_until = now + policy_.promise,
                                                    .review_due = now + policy_.review_grace,
                                                    .quota = policy_.quotas.guard()});
  if (std::holds_alternative<NotInTrash>(outcome)) {
    co_return refuse(ErrorCode::not_found,
                     fmt::format("{}@{} is not in the trash", repository.text(), digest.to_string()),
                     {digest.to_string()});
  }
  if (const auto* refused = std::get_if<RestoreRefused>(&outcome)) {
    std::vector<std::string> missing;
    for (const Digest& each : refused->missing) missing.push_back(each.to_string());
    co_return refuse(ErrorCode::manifest_reference_unknown, "what it names is gone for good", std::move(missing));
  }
  if (const auto* exceeded = std::get_if<QuotaExceeded>(&outcome)) {
    co_return std::unexpected(policy_.quotas.refusal(*exceeded));
  }
  auto& restored = std::get<Restored>(outcome);
  co_return Undone{
      .restored = std::move(restored.manifests), .tags = std::move(restored.tags), .taken = std::move(restored.taken)};
}

}  // namespace berth
