#include "lifecycle/retention_gathering.h"

#include <unordered_set>
#include <utility>

#include "auth/identity.h"
#include "content/cosign_tag.h"

namespace berth {

bool is_protected_from_retention(const AccessPolicy& policy, const RepositoryName& repository, const Tag& tag) {
  static const Identity nobody;
  return policy.has_protections() && policy.protection_of(nobody, repository.text(), tag.text()) != nullptr;
}

RetentionRepository gather_retention_facts(RepositoryName name, std::vector<HeldManifest> held,
                                           const AccessPolicy& policy, WallTime now) {
  std::unordered_set<Digest> there;
  for (const HeldManifest& manifest : held) there.insert(manifest.digest);
  RetentionRepository repository{.name = std::move(name), .facts = {}};
  for (HeldManifest& manifest : held) {
    RetentionFact fact{.tag = std::nullopt,
                       .digest = manifest.digest,
                       .media_type = std::move(manifest.media_type),
                       .artifact_type = std::move(manifest.artifact_type),
                       .pushed = manifest.pushed,
                       .last_pulled = manifest.last_pulled,
                       .is_child_of_index = manifest.is_child_of_index,
                       .has_live_subject = manifest.has_live_subject,
                       .is_pinned = manifest.is_pinned,
                       .is_promised = manifest.promised_until > now,
                       .size_bytes = manifest.size_bytes};
    for (NamingTag& naming : manifest.tags) {
      RetentionFact of_tag = fact;
      const std::optional<Digest> subject = cosign_subject(naming.tag);
      of_tag.has_live_subject = fact.has_live_subject || (subject && there.contains(*subject));
      of_tag.is_immutable = is_protected_from_retention(policy, repository.name, naming.tag);
      of_tag.pushed = naming.since;
      of_tag.tag = std::move(naming.tag);
      repository.facts.push_back(std::move(of_tag));
    }
    if (manifest.tags.empty()) repository.facts.push_back(std::move(fact));
  }
  return repository;
}

}  // namespace berth
