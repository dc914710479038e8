// Caller: who sent a request, and what he may do by the rules that held when it came.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "auth/access_policy.h"
#include "auth/identity.h"
#include "content/repository_name.h"
#include "metadata/metadata_store.h"

namespace berth {

/// Threading: a plain value over immutable ones; outlives changes of the rules.
class Caller {
 public:
  /// Access control is off: he may do everything that no tag's protection stands against.
  static Caller unrestricted(std::shared_ptr<const AccessPolicy> policy) { return {nullptr, std::move(policy)}; }
  static Caller known(std::shared_ptr<const Identity> who, std::shared_ptr<const AccessPolicy> policy) {
    return {std::move(who), std::move(policy)};
  }

  /// For the access log and the history of tags; empty for anonymous callers.
  const std::string& name() const { return identity().name; }
  const Identity& identity() const { return *shared_identity(); }
  std::shared_ptr<const Identity> shared_identity() const;
  const AccessPolicy& policy() const { return *policy_; }

  bool is_unrestricted() const { return who_ == nullptr; }
  AccessDecision decide(const AccessRequest& request) const;
  bool may(AccessAction action, std::string_view repository, std::string_view alias = {}) const {
    return decide({.action = action, .repository = repository, .alias = alias}).is_allowed;
  }
  /// What lists show him.
  bool may_see(const RepositoryName& repository) const { return !who_ || policy_->may_see(*who_, repository.text()); }
  bool sees_everything() const { return !who_ || policy_->sees_everything(*who_); }
  std::optional<std::string> next_seen(std::string_view from) const {
    return who_ ? policy_->next_seen(*who_, from) : std::optional(std::string(from));
  }

  /// Tags that he may neither move nor delete; empty if there are none such.
  TagGuard protected_tags(const RepositoryName& repository) const;
  /// The same, and those that he may not delete by the rules: for what takes tags along that the request does not name.
  /// `alias` is what he calls the repository.
  TagGuard undeletable_tags(const RepositoryName& repository, const RepositoryName& alias) const;

 private:
  Caller(std::shared_ptr<const Identity> who, std::shared_ptr<const AccessPolicy> policy)
      : who_(std::move(who)), policy_(std::move(policy)) {}

  std::shared_ptr<const Identity> who_;  ///< null: unrestricted
  std::shared_ptr<const AccessPolicy> policy_;
};

}  // namespace berth
