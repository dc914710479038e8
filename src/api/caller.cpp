#include "api/caller.h"

namespace berth {

std::shared_ptr<const Identity> Caller::shared_identity() const {
  static const auto kNobody = std::make_shared<const Identity>();
  return who_ ? who_ : kNobody;
}

AccessDecision Caller::decide(const AccessRequest& request) const {
  if (!who_) return {.is_allowed = true, .reason = AccessDecision::Reason::open_registry};
  return policy_->decide(*who_, request);
}

TagGuard Caller::protected_tags(const RepositoryName& repository) const {
  if (!policy_->has_protections()) return {};
  return [self = *this, repository](const Tag& tag) {
    return self.policy_->protection_of(self.identity(), repository.text(), tag.text()) != nullptr;
  };
}

TagGuard Caller::undeletable_tags(const RepositoryName& repository, const RepositoryName& alias) const {
  if (!who_) return protected_tags(repository);
  return [self = *this, repository, alias](const Tag& tag) {
    const AccessRequest request{
        .action = AccessAction::remove, .repository = repository.text(), .alias = alias.text(), .tag = tag.text()};
    return !self.decide(request).is_allowed ||
           self.policy_->protection_of(*self.who_, repository.text(), tag.text()) != nullptr;
  };
}

}  // namespace berth
