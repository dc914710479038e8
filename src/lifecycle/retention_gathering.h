// From what the metadata holds of a repository to the facts of a retention plan.
#pragma once

#include <vector>

#include "auth/access_policy.h"
#include "lifecycle/retention_facts.h"
#include "metadata/retention_store.h"

namespace berth {

/// A fact for each tag, and for each manifest that no tag names. Tags that the policy protects from everybody are
/// immutable here, whoever the policy excepts: retention is nobody in particular.
RetentionRepository gather_retention_facts(RepositoryName name, std::vector<HeldManifest> held,
                                           const AccessPolicy& policy, WallTime now);

/// Whether the policy protects the tag from retention.
bool is_protected_from_retention(const AccessPolicy& policy, const RepositoryName& repository, const Tag& tag);

}  // namespace berth
