// AccessPolicy: the rules, compiled once, asked for each request.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "auth/access_limit.h"
#include "auth/access_request.h"
#include "auth/access_rule.h"
#include "auth/identity.h"

namespace berth {

/// Tags that stay what they are once they are there: neither moved to another manifest nor deleted.
struct TagProtection {
  std::vector<NamePattern> repositories = {};  ///< any of them; empty: every repository
  std::vector<NamePattern> tags = {};          ///< any of them; empty: every tag
  std::vector<AccessSubject> except = {};      ///< who may all the same; empty: nobody
  std::string origin = {};
};

struct PolicySource {
  /// Deny beats allow wherever it stands; of two rules that say the same the first is named.
  std::vector<AccessRule> rules = {};
  /// Rights of robots, which came with them: named after all rules. A robot has no others in an open registry, which
  /// they do not close for anybody else.
  std::vector<AccessRule> grants = {};
  std::vector<TagProtection> protections = {};
};

struct AccessDecision {
  enum class Reason {
    rule,           ///< `rule` decided
    no_rule,        ///< no rule allows it
    open_registry,  ///< there are no rules at all: whoever has proved who he is may do everything but admin
    outside_limit,  ///< the token is not for that
  };
  bool is_allowed = false;
  Reason reason = Reason::no_rule;
  /// Of the policy that decided; null unless reason is `rule`.
  const AccessRule* rule = nullptr;
};

/// Threading: immutable; any thread.
/// Cost:      a decision allocates nothing and looks only at rules for the caller whose literal beginning fits the
/// name,
///            so that ten thousand others cost nothing.
class AccessPolicy {
 public:
  static std::shared_ptr<const AccessPolicy> compile(PolicySource source);
  ~AccessPolicy();
  AccessPolicy(const AccessPolicy&) = delete;
  AccessPolicy& operator=(const AccessPolicy&) = delete;

  AccessDecision decide(const Identity& who, const AccessRequest& request) const;
  bool allows(const Identity& who, const AccessRequest& request) const { return decide(who, request).is_allowed; }

  /// One line for people: which rule decided, or why none did.
  static std::string explain(const AccessDecision& decision);

  /// Whether the rules let him pull it, whatever his token is for: what lists show him.
  bool may_see(const Identity& who, std::string_view repository) const;
  /// Surely may_see() every repository: his lists need no filter and are everybody's who sees everything.
  bool sees_everything(const Identity& who) const;
  /// The least name from `from` on that he might see: everything before it can be left out. Nothing: no more follow.
  std::optional<std::string> next_seen(const Identity& who, std::string_view from) const;

  /// The protection that keeps him from moving or deleting the tag once it is there, or null.
  const TagProtection* protection_of(const Identity& who, std::string_view repository, std::string_view tag) const;
  bool has_protections() const { return !source_.protections.empty(); }

  /// In order; the grants are the last.
  const std::vector<AccessRule>& rules() const { return source_.rules; }

 private:
  struct Index;
  explicit AccessPolicy(PolicySource source);
  AccessDecision decide_by_rules(const Identity& who, const AccessRequest& request) const;
  bool is_open_to(const Identity& who) const { return is_open_ && who.kind != IdentityKind::robot; }

  // Fixed after construction; the index points into the source, whose rules hold the grants, too.
  const bool is_open_;
  const PolicySource source_;
  const std::unique_ptr<Index> index_;
};

}  // namespace berth
