#include "registry/push_manifest.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "content/hash_algorithm.h"
#include "registry/manifest_class.h"
#include "registry/protected_tag.h"
#include "registry/renamed_repository.h"

namespace berth {

namespace {

constexpr std::size_t kNamedFields = 5;  // in a message about missing references; every digest is a subject

bool is_required_layer(const Descriptor& layer) {
  // Their bytes live elsewhere; without urls nobody could say where, and then they must be here (as Distribution has
  // it).
  return !is_foreign_layer_type(layer.media_type) || layer.urls.empty();
}

bool is_required_child(const Descriptor& child, const ValidationPolicy& policy) {
  switch (policy.required_children) {
    case RequiredChildren::all:
      return true;
    case RequiredChildren::none:
      return false;
    case RequiredChildren::listed_platforms:
      return std::ranges::any_of(policy.platforms, [&child](const Platform& platform) {
        return child.platform_os == platform.os && child.platform_architecture == platform.architecture;
      });
  }
  return true;
}

ManifestReference reference_to(const Descriptor& descriptor, ReferenceKind kind, bool is_required) {
  return {.kind = kind,
          .digest = descriptor.digest,
          .size_bytes = descriptor.size_bytes,
          .field = descriptor.field,
          .is_required = is_required};
}

Error refusal_of(const ReferencesRefused& refused, const std::vector<ManifestReference>& references) {
  Error missing{.code = ErrorCode::manifest_reference_unknown, .message = "blob unknown to registry"};
  for (const ReferenceProblem& problem : refused.problems) {
    const ManifestReference& reference = references.at(problem.index);
    if (problem.actual_size) continue;
    if (missing.subjects.size() < kNamedFields) {
      missing.message += (missing.subjects.empty() ? ": " : ", ") + reference.field;
    }
    missing.subjects.push_back(reference.digest.to_string());
  }
  if (!missing.subjects.empty()) return missing;
  const ReferenceProblem& first = refused.problems.at(0);
  const ManifestReference& reference = references.at(first.index);
  return {.code = ErrorCode::manifest_invalid,
          .message = fmt::format("{}.size: is {}, but {} has {} bytes", reference.field, reference.size_bytes,
                                 reference.digest.to_string(), first.actual_size.value_or(0))};
}

Error refusal_of(const PreconditionRefused& refused) {
  return {.code = ErrorCode::precondition_failed,
          .message = fmt::format("the tag {} {}", refused.tag.text(),
                                 refused.current ? "names " + refused.current->to_string() : "does not exist"),
          .subjects = {refused.tag.text()}};
}

std::vector<Tag> tags_of(const PushManifestRequest& request) {
  std::vector<Tag> tags;
  if (const Tag* tag = std::get_if<Tag>(&request.reference)) tags.push_back(*tag);
  for (const Tag& tag : request.more_tags) {
    if (std::ranges::find(tags, tag) == tags.end()) tags.push_back(tag);
  }
  return tags;
}

}  // namespace

std::vector<ManifestReference> references_of(const Manifest& manifest, const ValidationPolicy& policy) {
  const bool is_strict = !policy.allows_missing_references;
  std::vector<ManifestReference> references;
  references.reserve(manifest.layers.size() + manifest.manifests.size() + 1);
  if (manifest.config) references.push_back(reference_to(*manifest.config, ReferenceKind::config, is_strict));
  for (const Descriptor& layer : manifest.layers) {
    references.push_back(reference_to(layer, ReferenceKind::layer, is_strict && is_required_layer(layer)));
  }
  for (const Descriptor& child : manifest.manifests) {
    // BuildKit's cache exports are indexes that list blobs; Distribution accepts them.
    const ReferenceKind kind = is_manifest_type(child.media_type) ? ReferenceKind::manifest : ReferenceKind::layer;
    references.push_back(reference_to(child, kind, is_strict && is_required_child(child, policy)));
  }
  return references;
}

PushManifest::PushManifest(MetadataStore& metadata, const Clock& clock, SpaceGuard& space, const RegistryPolicy& policy)
    : metadata_(metadata),
      clock_(clock),
      space_(space),
      policy_(policy),
      urls_(policy.validation.url_allow, policy.validation.url_deny) {}

Task<Result<PushedManifest>> PushManifest::push(PushManifestRequest request) {
  if (request.bytes.size() > policy_.limits.manifest_bytes) {
    co_return refuse(ErrorCode::manifest_too_large,
                     fmt::format("a manifest has at most {} bytes", policy_.limits.manifest_bytes));
  }
  std::vector<Tag> tags = tags_of(request);
  if (tags.size() > policy_.limits.tags_per_push) {
    co_return refuse(ErrorCode::too_many_tags,
                     fmt::format("at most {} tags in one push", policy_.limits.tags_per_push));
  }
  const Digest* expected = std::get_if<Digest>(&request.reference);
  const Digest digest = digest_of(expected != nullptr ? expected->algorithm() : HashAlgorithm::sha256, request.bytes);
  if (expected != nullptr && digest != *expected) {
    co_return refuse(ErrorCode::digest_invalid, "provided digest did not match uploaded content",
                     {expected->to_string()});
  }
  Result<Manifest> manifest = Manifest::parse(request.bytes, request.content_type, policy_.limits.manifest);
  if (!manifest) co_return std::unexpected(std::move(manifest.error()));
  if (const Result<void> urls = check_urls(*manifest); !urls) co_return std::unexpected(urls.error());
  const Result<void> allowed = check_manifest_class(*manifest, policy_.validation.classes);
  if (!allowed) co_return std::unexpected(allowed.error());
  const Result<void> space = co_await space_.check(request.bytes.size());
  if (!space) co_return std::unexpected(space.error());

  const WallTime now = clock_.now();
  std::vector<ManifestReference> references = references_of(*manifest, policy_.validation);
  std::optional<Digest> subject;
  if (manifest->subject) subject = manifest->subject->digest;
  PutManifest put{.repository = request.repository,
                  .digest = digest,
                  .media_type = std::move(manifest->media_type),
                  .artifact_type = std::move(manifest->artifact_type),
                  .subject = subject,
                  .annotations = std::move(manifest->annotations),
                  .bytes = SharedBytes(std::move(request.bytes)),
                  .references = references,
                  .tags = tags,
                  .limits = {.tags = std::move(request.precondition),
                             .protects = std::move(request.protects),
                             .quota = policy_.quotas.guard()},
                  .who = std::move(request.who),
                  .now = now,
                  .promised_until = now + policy_.promise,
                  .review_due = now + policy_.review_grace};
  const auto commit = [this, &put](RepositoryName repository) {
    put.repository = std::move(repository);
    return metadata_.put_manifest(put);
  };
  const PutManifestOutcome outcome = co_await under_its_name(std::move(request.repository), commit);
  if (const auto* refused = std::get_if<ReferencesRefused>(&outcome)) {
    co_return std::unexpected(refusal_of(*refused, references));
  }
  if (const auto* refused = std::get_if<PreconditionRefused>(&outcome)) co_return std::unexpected(refusal_of(*refused));
  if (const auto* kept = std::get_if<TagProtected>(&outcome)) co_return refuse_protected(kept->tag);
  if (const auto* exceeded = std::get_if<QuotaExceeded>(&outcome)) {
    co_return std::unexpected(policy_.quotas.refusal(*exceeded));
  }
  co_return PushedManifest{.digest = digest, .subject = subject, .tags = std::move(tags)};
}

Result<void> PushManifest::check_urls(const Manifest& manifest) const {
  for (const Descriptor& layer : manifest.layers) {
    for (const std::string& url : layer.urls) {
      if (urls_.allows(url)) continue;
      return refuse(ErrorCode::denied, fmt::format("{}.urls: not allowed by validation.manifests.urls", layer.field),
                    {layer.digest.to_string()});
    }
  }
  return {};
}

}  // namespace berth
