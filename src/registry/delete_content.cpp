#include "registry/delete_content.h"

#include <fmt/format.h>

#include <utility>

#include "registry/protected_tag.h"

namespace berth {

DeleteContent::DeleteContent(MetadataStore& metadata, const Clock& clock, const RegistryPolicy& policy)
    : metadata_(metadata), clock_(clock), policy_(policy) {}

Task<Result<void>> DeleteContent::delete_tag(RepositoryName repository, Tag tag, CommitLimits limits, std::string who) {
  if (const Result<void> allowed = check_allowed(); !allowed) co_return allowed;
  const WallTime now = clock_.now();
  DeleteTag request{.repository = std::move(repository),
                    .tag = tag,
                    .limits = std::move(limits),
                    .who = std::move(who),
                    .now = now,
                    .review_due = now + policy_.review_grace};
  const DeleteTagOutcome outcome = co_await metadata_.delete_tag(std::move(request));
  if (std::holds_alternative<TagUnknown>(outcome)) {
    co_return refuse(ErrorCode::manifest_unknown, "manifest unknown", {fmt::format("unknown tag={}", tag.text())});
  }
  if (const auto* refused = std::get_if<PreconditionRefused>(&outcome)) {
    co_return refuse(ErrorCode::precondition_failed,
                     fmt::format("the tag {} {}", tag.text(),
                                 refused->current ? "names " + refused->current->to_string() : "does not exist"),
                     {tag.text()});
  }
  if (std::holds_alternative<TagProtected>(outcome)) co_return refuse_protected(tag);
  co_return Result<void>();
}

Task<Result<void>> DeleteContent::delete_manifest(RepositoryName repository, Digest digest, std::string who,
                                                  TagGuard protects) {
  if (const Result<void> allowed = check_allowed(); !allowed) co_return allowed;
  const WallTime now = clock_.now();
  DeleteManifest request{.repository = repository,
                         .digest = digest,
                         .who = std::move(who),
                         .now = now,
                         .review_due = now + policy_.review_grace,
                         .protects = std::move(protects),
                         .to_trash = policy_.uses_trash};
  const DeleteManifestOutcome outcome = co_await metadata_.delete_manifest(std::move(request));
  if (const auto* kept = std::get_if<TagProtected>(&outcome)) co_return refuse_protected(kept->tag);
  if (std::holds_alternative<ManifestUnknown>(outcome)) {
    co_return refuse(ErrorCode::manifest_unknown, "manifest unknown",
                     {fmt::format("unknown manifest name={} revision={}", repository.text(), digest.to_string())});
  }
  co_return Result<void>();
}

Task<Result<void>> DeleteContent::delete_blob(RepositoryName repository, Digest digest) {
  if (const Result<void> allowed = check_allowed(); !allowed) co_return allowed;
  const WallTime now = clock_.now();
  const DeleteBlobOutcome outcome =
      co_await metadata_.delete_blob(std::move(repository), digest, now, now + policy_.review_grace);
  if (const auto* in_use = std::get_if<BlobInUse>(&outcome)) {
    co_return refuse(ErrorCode::blob_in_use,
                     fmt::format("the manifest {} names this blob: delete it first", in_use->by.to_string()),
                     {in_use->by.to_string()});
  }
  if (std::get<BlobUnlinked>(outcome) == BlobUnlinked::unknown) {
    co_return refuse(ErrorCode::blob_unknown, "blob unknown to registry", {digest.to_string()});
  }
  co_return Result<void>();
}

Result<void> DeleteContent::check_allowed() const {
  if (policy_.allows_deletes) return {};
  return refuse(ErrorCode::deletes_disabled, "deletes are disabled: set storage.delete.enabled to true to allow them");
}

}  // namespace berth
