// Rules of the access policy, and what they say.
#include <fmt/format.h>

#include <utility>

#include "auth/access_rule_text.h"
#include "auth/account_authenticator.h"
#include "auth/accounts.h"
#include "auth/secret_token.h"
#include "content/repository_name.h"

namespace berth {
namespace {

/// Whom a question is about: the subject of a rule, or a bare name for a user, or a robot as it logs in.
std::expected<AccessSubject, std::string> parse_who(const std::string& text) {
  if (text.starts_with(kRobotPrefix)) {
    return AccessSubject{.kind = AccessSubject::Kind::robot, .name = text.substr(kRobotPrefix.size())};
  }
  if (std::expected<AccessSubject, std::string> subject = AccessSubject::parse(text)) return subject;
  return AccessSubject::parse("user:" + text);
}

/// What a question is about exists as a name at least: a typing mistake must not be answered with "denied".
Result<void> check_object(const AccessQuestion& question) {
  const bool is_of_registry = question.action == AccessAction::catalog || question.action == AccessAction::admin;
  if (is_of_registry && !question.repository.empty()) {
    return refuse(ErrorCode::request_invalid, "repository: catalog and admin are of the registry as a whole");
  }
  if (is_of_registry) return {};
  if (const Result<RepositoryName> name = RepositoryName::parse(question.repository); !name) {
    return refuse(ErrorCode::request_invalid, "repository: " + name.error().message);
  }
  if (question.tag.empty()) return {};
  if (const Result<Tag> tag = Tag::parse(question.tag); !tag) {
    return refuse(ErrorCode::request_invalid, "tag: " + tag.error().message);
  }
  return {};
}

}  // namespace

Task<Result<RuleRecord>> Accounts::add_rule(NewRule rule, std::string by) {
  if (Result<void> fine = check_note(rule.note); !fine) co_return std::unexpected(std::move(fine.error()));
  const std::expected<AccessRule, std::string> parsed = parse_access_rule(rule.text);
  if (!parsed) co_return refuse(ErrorCode::request_invalid, "rule: " + parsed.error());
  RuleRecord record{.id = make_short_id(entropy_),
                    .position = rule.position,
                    .rule = parsed->text(),
                    .note = std::move(rule.note),
                    .created = clock_.now(),
                    .created_by = by};
  if (!co_await store_.add_rule(record)) {
    co_return refuse(ErrorCode::conflict, "the rule's random name is taken, try again");
  }
  co_await policy_.reload();
  note_change("access rule added", record.id + ": " + record.rule, by);
  co_return record;
}

Task<Result<void>> Accounts::remove_rule(std::string id, std::string by) {
  if (!co_await store_.remove_rule(id)) {
    co_return refuse(ErrorCode::not_found, "there is no stored rule of this id", {id});
  }
  co_await policy_.reload();
  note_change("access rule removed", id, by);
  co_return Result<void>();
}

Task<Result<AccessAnswer>> Accounts::explain(AccessQuestion question) {
  if (Result<void> fine = check_object(question); !fine) co_return std::unexpected(std::move(fine.error()));
  const std::expected<AccessSubject, std::string> subject = parse_who(question.who);
  if (!subject || subject->kind == AccessSubject::Kind::group || subject->kind == AccessSubject::Kind::authenticated) {
    co_return refuse(
        ErrorCode::request_invalid,
        fmt::format("who: \"{}\" is nobody who could ask (like alice, robot:ci or anonymous)", question.who));
  }
  Identity who;
  AccessAnswer answer;
  const Result<AccountName> name = AccountName::parse(subject->name);
  if (subject->kind == AccessSubject::Kind::user) {
    who = {.kind = IdentityKind::user, .name = subject->name, .proof = Proof::password};
    std::optional<UserAccount> account;
    if (name) account = co_await store_.find_user(*name);
    answer.is_known = account.has_value();
    if (account) {
      for (const AccountName& group : account->groups) who.groups.push_back(group.text());
    }
    answer.groups = who.groups;
  } else if (subject->kind == AccessSubject::Kind::robot) {
    who = {.kind = IdentityKind::robot, .name = subject->name, .proof = Proof::password};
    std::optional<RobotRecord> robot;
    if (name) robot = co_await store_.find_robot(*name);
    answer.is_known = robot.has_value();
    if (robot) who.limit = limit_of(stored_rights(robot->rights));
  }
  if (policy_.current() == nullptr) co_await policy_.reload();
  const std::shared_ptr<const AccessPolicy> policy = policy_.current();
  const AccessDecision decision =
      policy->decide(who, {.action = question.action, .repository = question.repository, .tag = question.tag});
  answer.is_allowed = decision.is_allowed;
  answer.reason = AccessPolicy::explain(decision);
  if (decision.rule != nullptr) {
    answer.rule = decision.rule->text();
    answer.origin = decision.rule->origin;
  }
  const bool changes_tag =
      !question.tag.empty() && (question.action == AccessAction::push || question.action == AccessAction::remove);
  if (!decision.is_allowed || !changes_tag) co_return answer;
  if (const TagProtection* protection = policy->protection_of(who, question.repository, question.tag)) {
    answer.reason += fmt::format("; but the tag is protected by {}: once it is there it is neither moved nor deleted",
                                 protection->origin);
  }
  co_return answer;
}

}  // namespace berth
