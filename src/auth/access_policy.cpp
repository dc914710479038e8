#include "auth/access_policy.h"

#include <algorithm>
#include <functional>
#include <iterator>
#include <unordered_map>
#include <utility>

namespace berth {
namespace {

struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const { return std::hash<std::string_view>()(text); }
};

template <class T>
using TextMap = std::unordered_map<std::string, T, TextHash, std::equal_to<>>;

/// One pattern of one rule, where it is looked for.
struct Entry {
  std::uint32_t rule;          ///< into the rules
  const NamePattern* pattern;  ///< null: every repository, and the registry as a whole
};

/// Whole segments that every name matching the pattern begins with: "team" of "team/app-*", all of it without a star.
std::string_view literal_segments(const NamePattern& pattern) {
  const std::string_view prefix = pattern.literal_prefix();
  if (pattern.is_literal()) return prefix;
  const std::size_t slash = prefix.rfind('/');
  return slash == std::string_view::npos ? std::string_view() : prefix.substr(0, slash);
}

bool is_any(const std::vector<NamePattern>& patterns, std::string_view name) {
  return std::ranges::any_of(patterns, [name](const NamePattern& pattern) { return pattern.matches(name); });
}

/// Whether the tags of a rule leave it in force for the request.
bool fits_tags(const AccessRule& rule, const AccessRequest& request) {
  const bool is_about_tags = request.action == AccessAction::push || request.action == AccessAction::remove;
  if (rule.tags.empty() || !is_about_tags) return true;
  if (!request.tag.empty()) return is_any(rule.tags, request.tag);
  if (request.is_for_some_tag) return rule.effect == RuleEffect::allow;
  // Whoever may push some tags must be able to push what they name. A manifest that is deleted takes all of its tags
  // along, so a right to some of them is not enough; what a deny protects is looked at when it is known which they are.
  return rule.effect == RuleEffect::allow && request.action == AccessAction::push;
}

/// All rules for one subject.
struct SubjectRules {
  TextMap<std::vector<Entry>> by_segments;
  std::vector<std::string> pull_prefixes;  ///< of allows, sorted; what may be seen begins with one of them
  bool pulls_everything = false;
  bool denies_pull = false;

  void add(const AccessRule& rule, std::uint32_t number, const NamePattern* pattern) {
    by_segments[std::string(pattern == nullptr ? std::string_view() : literal_segments(*pattern))].push_back(
        {number, pattern});
    if (!rule.actions.has(AccessAction::pull)) return;
    if (rule.effect == RuleEffect::deny) {
      denies_pull = true;
      return;
    }
    pulls_everything = pulls_everything || pattern == nullptr || pattern->is_everything();
    pull_prefixes.emplace_back(pattern == nullptr ? std::string_view() : pattern->literal_prefix());
  }

  void finish() {
    std::ranges::sort(pull_prefixes);
    const auto [first, last] = std::ranges::unique(pull_prefixes);
    pull_prefixes.erase(first, last);
  }

  std::optional<std::string> next_seen(std::string_view from) const {
    for (std::size_t size = 0; size <= from.size(); ++size) {
      if (std::ranges::binary_search(pull_prefixes, from.substr(0, size), std::less<>())) return std::string(from);
    }
    const auto next = std::ranges::lower_bound(pull_prefixes, from, std::less<>());
    if (next == pull_prefixes.end()) return std::nullopt;
    return *next;
  }
};

}  // namespace

struct AccessPolicy::Index {
  SubjectRules anonymous;
  SubjectRules authenticated;
  TextMap<SubjectRules> users;
  TextMap<SubjectRules> groups;
  TextMap<SubjectRules> robots;

  SubjectRules& of(const AccessSubject& subject) {
    switch (subject.kind) {
      case AccessSubject::Kind::anonymous:
        return anonymous;
      case AccessSubject::Kind::authenticated:
        return authenticated;
      case AccessSubject::Kind::user:
        return users[subject.name];
      case AccessSubject::Kind::group:
        return groups[subject.name];
      case AccessSubject::Kind::robot:
        return robots[subject.name];
    }
    return anonymous;
  }

  /// Everything that was made for the caller.
  template <class Visit>
  void visit(const Identity& who, Visit visit) const {
    const auto look = [&visit](const TextMap<SubjectRules>& table, std::string_view name) {
      if (const auto found = table.find(name); found != table.end()) visit(found->second, true);
    };
    visit(anonymous, !who.has_name());
    if (!who.has_name()) return;
    visit(authenticated, true);
    look(who.kind == IdentityKind::robot ? robots : users, who.name);
    for (const std::string& group : who.groups) look(groups, group);
  }
};

namespace {

/// The first deny and the first allow among the rules that fit a request.
class Verdict {
 public:
  Verdict(const std::vector<AccessRule>& rules, const AccessRequest& request) : rules_(rules), request_(request) {}

  void look_at(const SubjectRules& subject, bool denies_count) {
    const std::string_view name = request_.repository;
    for (std::size_t size = 0;; ++size) {
      if (const auto found = subject.by_segments.find(name.substr(0, size)); found != subject.by_segments.end()) {
        for (const Entry& entry : found->second) look_at(entry, denies_count);
      }
      if (size == name.size()) return;
      size = std::min(name.find('/', size + 1), name.size()) - 1;
    }
  }

  AccessDecision decision() const {
    if (deny_ != kNone) return {.is_allowed = false, .reason = AccessDecision::Reason::rule, .rule = &rules_[deny_]};
    if (allow_ != kNone) return {.is_allowed = true, .reason = AccessDecision::Reason::rule, .rule = &rules_[allow_]};
    return {};
  }

 private:
  static constexpr std::uint32_t kNone = UINT32_MAX;

  void look_at(const Entry& entry, bool denies_count) {
    const AccessRule& rule = rules_[entry.rule];
    const bool is_deny = rule.effect == RuleEffect::deny;
    std::uint32_t& first = is_deny ? deny_ : allow_;
    if (entry.rule >= first || (is_deny && !denies_count) || !rule.actions.has(request_.action)) return;
    if (!fits_repository(entry.pattern) || !fits_tags(rule, request_)) return;
    first = entry.rule;
  }

  bool fits_repository(const NamePattern* pattern) const {
    if (pattern == nullptr || pattern->is_everything()) return true;
    return !request_.repository.empty() && pattern->matches(request_.repository);
  }

  const std::vector<AccessRule>& rules_;
  const AccessRequest& request_;
  std::uint32_t allow_ = kNone;
  std::uint32_t deny_ = kNone;
};

PolicySource with_grants(PolicySource source) {
  std::ranges::move(source.grants, std::back_inserter(source.rules));
  source.grants.clear();
  return source;
}

bool is_excepted(const TagProtection& protection, const Identity& who) {
  return std::ranges::any_of(protection.except, [&who](const AccessSubject& subject) {
    switch (subject.kind) {
      case AccessSubject::Kind::anonymous:
        return true;
      case AccessSubject::Kind::authenticated:
        return who.has_name();
      case AccessSubject::Kind::user:
        return who.kind == IdentityKind::user && who.name == subject.name;
      case AccessSubject::Kind::group:
        return std::ranges::find(who.groups, subject.name) != who.groups.end();
      case AccessSubject::Kind::robot:
        return who.kind == IdentityKind::robot && who.name == subject.name;
    }
    return false;
  });
}

}  // namespace

AccessPolicy::AccessPolicy(PolicySource source)
    : is_open_(source.rules.empty()), source_(with_grants(std::move(source))), index_(std::make_unique<Index>()) {
  for (std::size_t number = 0; number < source_.rules.size(); ++number) {
    const AccessRule& rule = source_.rules[number];
    for (const AccessSubject& subject : rule.subjects) {
      SubjectRules& rules = index_->of(subject);
      if (rule.repositories.empty()) rules.add(rule, static_cast<std::uint32_t>(number), nullptr);
      for (const NamePattern& pattern : rule.repositories) {
        rules.add(rule, static_cast<std::uint32_t>(number), &pattern);
      }
    }
  }
  index_->anonymous.finish();
  index_->authenticated.finish();
  for (auto* table : {&index_->users, &index_->groups, &index_->robots}) {
    for (auto& [name, rules] : *table) rules.finish();
  }
}

AccessPolicy::~AccessPolicy() = default;

std::shared_ptr<const AccessPolicy> AccessPolicy::compile(PolicySource source) {
  return std::shared_ptr<const AccessPolicy>(new AccessPolicy(std::move(source)));
}

AccessDecision AccessPolicy::decide(const Identity& who, const AccessRequest& request) const {
  if (who.limit && !who.limit->allows(request)) return {.reason = AccessDecision::Reason::outside_limit};
  return decide_by_rules(who, request);
}

AccessDecision AccessPolicy::decide_by_rules(const Identity& who, const AccessRequest& request) const {
  if (is_open_to(who)) {
    if (!who.is_proved() || request.action == AccessAction::admin) return {};
    return {.is_allowed = true, .reason = AccessDecision::Reason::open_registry};
  }
  Verdict verdict(source_.rules, request);
  index_->visit(who,
                [&verdict](const SubjectRules& rules, bool denies_count) { verdict.look_at(rules, denies_count); });
  return verdict.decision();
}

std::string AccessPolicy::explain(const AccessDecision& decision) {
  switch (decision.reason) {
    case AccessDecision::Reason::rule:
      return (decision.is_allowed ? "allowed by " : "denied by ") + decision.rule->origin + ": " +
             decision.rule->text();
    case AccessDecision::Reason::no_rule:
      return "denied: no rule allows it";
    case AccessDecision::Reason::open_registry:
      return "allowed: there are no rules, so whoever has logged in may do everything";
    case AccessDecision::Reason::outside_limit:
      return "denied: the token was not given out for it";
  }
  return {};
}

bool AccessPolicy::may_see(const Identity& who, std::string_view repository) const {
  return decide_by_rules(who, {.action = AccessAction::pull, .repository = repository}).is_allowed;
}

bool AccessPolicy::sees_everything(const Identity& who) const {
  if (is_open_to(who)) return who.is_proved();
  bool pulls_everything = false;
  bool is_denied_some = false;
  index_->visit(who, [&](const SubjectRules& rules, bool denies_count) {
    pulls_everything = pulls_everything || rules.pulls_everything;
    is_denied_some = is_denied_some || (denies_count && rules.denies_pull);
  });
  return pulls_everything && !is_denied_some;
}

std::optional<std::string> AccessPolicy::next_seen(const Identity& who, std::string_view from) const {
  if (is_open_to(who)) return who.is_proved() ? std::optional(std::string(from)) : std::nullopt;
  std::optional<std::string> least;
  index_->visit(who, [&](const SubjectRules& rules, bool) {
    std::optional<std::string> next = rules.next_seen(from);
    if (next && (!least || *next < *least)) least = std::move(next);
  });
  return least;
}

const TagProtection* AccessPolicy::protection_of(const Identity& who, std::string_view repository,
                                                 std::string_view tag) const {
  for (const TagProtection& protection : source_.protections) {
    if (!protection.repositories.empty() && !is_any(protection.repositories, repository)) continue;
    if (!protection.tags.empty() && !is_any(protection.tags, tag)) continue;
    if (!is_excepted(protection, who)) return &protection;
  }
  return nullptr;
}

}  // namespace berth
