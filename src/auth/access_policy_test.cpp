#include "auth/access_policy.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace berth {
namespace {

/// Rules in words: "allow pull,push to group:ops on team/**,x tags v*".
AccessRule rule(const std::string& text) {
  AccessRule made;
  made.origin = "rule \"" + text + "\"";
  std::string section = "effect";
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    at = end + 1;
    if (word == "allow" || word == "deny") {
      made.effect = word == "allow" ? RuleEffect::allow : RuleEffect::deny;
      section = "actions";
      continue;
    }
    if (word == "to" || word == "on" || word == "tags") {
      section = word;
      continue;
    }
    for (std::size_t from = 0; from <= word.size();) {
      const std::size_t comma = std::min(word.find(',', from), word.size());
      const std::string item = word.substr(from, comma - from);
      from = comma + 1;
      if (section == "actions") made.actions.add(parse_access_action(item).value());
      if (section == "to") made.subjects.push_back(AccessSubject::parse(item).value());
      if (section == "on") made.repositories.push_back(NamePattern::parse_repository(item).value());
      if (section == "tags") made.tags.push_back(NamePattern::parse_tag(item).value());
    }
  }
  return made;
}

std::shared_ptr<const AccessPolicy> policy(std::initializer_list<const char*> lines) {
  PolicySource source;
  for (const char* line : lines) source.rules.push_back(rule(line));
  return AccessPolicy::compile(std::move(source));
}

const Identity kNobody{};

Identity user(const std::string& name, std::vector<std::string> groups = {}) {
  return {.kind = IdentityKind::user, .name = name, .groups = std::move(groups), .proof = Proof::password};
}

Identity robot(const std::string& name) {
  return {.kind = IdentityKind::robot, .name = name, .proof = Proof::password};
}

constexpr AccessRequest pull(std::string_view repository) {
  return {.action = AccessAction::pull, .repository = repository};
}
constexpr AccessRequest push(std::string_view repository, std::string_view tag = {}) {
  return {.action = AccessAction::push, .repository = repository, .tag = tag};
}
constexpr AccessRequest remove(std::string_view repository, std::string_view tag = {}) {
  return {.action = AccessAction::remove, .repository = repository, .tag = tag};
}

TEST(AccessPolicy, PublicPullsBesideAuthenticatedPushes) {
  const auto rules =
      policy({"allow pull to anonymous on public/**", "allow pull,push,delete,catalog to authenticated"});
  EXPECT_TRUE(rules->allows(kNobody, pull("public/app")));
  EXPECT_FALSE(rules->allows(kNobody, push("public/app")));
  EXPECT_FALSE(rules->allows(kNobody, pull("team/app")));
  EXPECT_FALSE(rules->allows(kNobody, {.action = AccessAction::catalog}));
  EXPECT_TRUE(rules->allows(user("alice"), push("team/app")));
  EXPECT_TRUE(rules->allows(robot("ci"), push("team/app")));
  EXPECT_TRUE(rules->allows(user("alice"), {.action = AccessAction::catalog}));
  EXPECT_FALSE(rules->allows(user("alice"), {.action = AccessAction::admin}));
}

TEST(AccessPolicy, WhoLogsInLosesNothingThatIsPublic) {
  const auto rules = policy({"allow pull to anonymous on public/**"});
  EXPECT_TRUE(rules->allows(user("alice"), pull("public/app")));
}

TEST(AccessPolicy, ADenyToAnonymousIsNotAboutThoseWhoLoggedIn) {
  const auto rules = policy({"allow pull to anonymous", "deny pull to anonymous on secret/**"});
  EXPECT_FALSE(rules->allows(kNobody, pull("secret/app")));
  EXPECT_TRUE(rules->allows(user("alice"), pull("secret/app")));
  EXPECT_TRUE(rules->sees_everything(user("alice")));
  EXPECT_FALSE(rules->sees_everything(kNobody));
}

TEST(AccessPolicy, DenyBeatsAllowWhereverItStands) {
  const auto rules = policy({"allow pull,push to user:bob", "deny push to group:interns on prod/**",
                             "allow push to group:interns on prod/app"});
  const Identity bob = user("bob", {"interns"});
  EXPECT_FALSE(rules->allows(bob, push("prod/app")));
  EXPECT_TRUE(rules->allows(bob, pull("prod/app")));
  EXPECT_TRUE(rules->allows(bob, push("test/app")));
  EXPECT_EQ(AccessPolicy::explain(rules->decide(bob, push("prod/app"))),
            "denied by rule \"deny push to group:interns on prod/**\": deny push to group:interns on prod/**");
}

TEST(AccessPolicy, TheFirstOfTwoRulesIsNamed) {
  const auto rules = policy({"allow pull to group:b on **", "allow pull to user:bob on team/**"});
  const AccessDecision decision = rules->decide(user("bob", {"b"}), pull("team/app"));
  EXPECT_EQ(decision.rule, &rules->rules()[0]);
  EXPECT_EQ(AccessPolicy::explain(rules->decide(user("eve"), pull("team/app"))), "denied: no rule allows it");
}

TEST(AccessPolicy, UsersRobotsAndGroupsOfOneNameAreThree) {
  const auto rules =
      policy({"allow pull to user:ci on u", "allow pull to robot:ci on r", "allow pull to group:ci on g"});
  EXPECT_TRUE(rules->allows(user("ci"), pull("u")));
  EXPECT_FALSE(rules->allows(user("ci"), pull("r")));
  EXPECT_FALSE(rules->allows(user("ci"), pull("g")));
  EXPECT_TRUE(rules->allows(robot("ci"), pull("r")));
  EXPECT_FALSE(rules->allows(robot("ci"), pull("u")));
  EXPECT_TRUE(rules->allows(user("x", {"ci"}), pull("g")));
}

TEST(AccessPolicy, WithoutRulesWhoHasLoggedInMayDoEverythingButAdmin) {
  const auto rules = policy({});
  EXPECT_TRUE(rules->allows(user("alice"), remove("a/b")));
  EXPECT_TRUE(rules->allows(user("alice"), {.action = AccessAction::catalog}));
  EXPECT_FALSE(rules->allows(user("alice"), {.action = AccessAction::admin}));
  EXPECT_FALSE(rules->allows(kNobody, pull("a")));
  EXPECT_TRUE(rules->sees_everything(user("alice")));
  EXPECT_FALSE(rules->sees_everything(kNobody));
  EXPECT_EQ(rules->next_seen(kNobody, ""), std::nullopt);
  EXPECT_EQ(rules->next_seen(user("alice"), "b"), "b");
}

TEST(AccessPolicy, ATokenNarrowsAndNeverGrants) {
  auto limit = std::make_shared<AccessLimit>();
  limit->add_repository("team/app", {AccessAction::pull});
  limit->add_repository("other", {AccessAction::pull});
  Identity who = user("alice");
  who.limit = limit;
  const auto rules = policy({"allow pull,push,catalog to user:alice on **", "deny pull to user:alice on other"});
  EXPECT_TRUE(rules->allows(who, pull("team/app")));
  EXPECT_FALSE(rules->allows(who, push("team/app")));
  EXPECT_FALSE(rules->allows(who, pull("team/app2")));
  EXPECT_FALSE(rules->allows(who, pull("other")));
  EXPECT_FALSE(rules->allows(who, {.action = AccessAction::catalog}));
  EXPECT_TRUE(rules->may_see(who, "team/app2")) << "lists follow the rules, not one token's scope";
  EXPECT_EQ(AccessPolicy::explain(rules->decide(who, push("team/app"))), "denied: the token was not given out for it");
}

TEST(AccessPolicy, TagPatternsHoldPushesAndDeletes) {
  const auto rules = policy({"allow pull to user:dev on **", "allow push,delete to user:dev on app tags dev-*",
                             "allow push,delete to user:lead on app", "deny push,delete to user:lead on app tags v*"});
  const Identity dev = user("dev");
  const Identity lead = user("lead");
  EXPECT_TRUE(rules->allows(dev, push("app", "dev-1")));
  EXPECT_FALSE(rules->allows(dev, push("app", "v1")));
  EXPECT_TRUE(rules->allows(dev, push("app"))) << "blobs have no tag";
  EXPECT_TRUE(rules->allows(dev, remove("app", "dev-1")));
  EXPECT_FALSE(rules->allows(dev, remove("app", "v1")));
  EXPECT_FALSE(rules->allows(dev, remove("app"))) << "a manifest takes all of its tags along";
  EXPECT_TRUE(rules->allows(lead, push("app", "dev-1")));
  EXPECT_FALSE(rules->allows(lead, push("app", "v1")));
  EXPECT_TRUE(rules->allows(lead, push("app")));
  EXPECT_TRUE(rules->allows(lead, remove("app"))) << "which tags go is looked at when it is known";
  EXPECT_TRUE(rules->allows(dev, {.action = AccessAction::remove, .repository = "app", .is_for_some_tag = true}));
  EXPECT_FALSE(rules->allows(dev, {.action = AccessAction::remove, .repository = "b", .is_for_some_tag = true}));
}

TEST(AccessPolicy, TheRegistryAsAWholeNeedsARuleForAll) {
  const auto rules = policy(
      {"allow pull,catalog,admin to user:a on team/**", "allow catalog to user:b on **", "allow admin to user:c"});
  const AccessRequest catalog{.action = AccessAction::catalog};
  EXPECT_FALSE(rules->allows(user("a"), catalog));
  EXPECT_FALSE(rules->allows(user("a"), {.action = AccessAction::admin}));
  EXPECT_TRUE(rules->allows(user("a"), {.action = AccessAction::admin, .repository = "team/app"}));
  EXPECT_TRUE(rules->allows(user("b"), catalog));
  EXPECT_TRUE(rules->allows(user("c"), {.action = AccessAction::admin}));
}

TEST(AccessPolicy, SeesEverythingOnlyIfNothingIsDenied) {
  EXPECT_TRUE(policy({"allow pull to user:a"})->sees_everything(user("a")));
  EXPECT_TRUE(policy({"allow pull to group:g on **"})->sees_everything(user("a", {"g"})));
  EXPECT_FALSE(policy({"allow pull to user:a on team/**"})->sees_everything(user("a")));
  EXPECT_FALSE(policy({"allow pull to user:a", "deny pull to authenticated on x"})->sees_everything(user("a")));
  EXPECT_TRUE(policy({"allow pull to user:a", "deny push to authenticated on x"})->sees_everything(user("a")));
  EXPECT_FALSE(policy({"allow push to user:a"})->sees_everything(user("a")));
}

TEST(AccessPolicy, LeadsListsFromOneVisibleRangeToTheNext) {
  const auto rules = policy({"allow pull to user:a on team/**", "allow pull to user:a on apps/web*",
                             "allow pull to group:g on zoo", "allow push to user:a on b"});
  const Identity a = user("a", {"g"});
  EXPECT_EQ(rules->next_seen(a, ""), "apps/web");
  EXPECT_EQ(rules->next_seen(a, "apps/web1"), "apps/web1");
  EXPECT_EQ(rules->next_seen(a, "apps/x"), "team/");
  EXPECT_EQ(rules->next_seen(a, "team/a/b"), "team/a/b");
  EXPECT_EQ(rules->next_seen(a, "teams"), "zoo");
  EXPECT_EQ(rules->next_seen(a, "zz"), std::nullopt);
  EXPECT_EQ(rules->next_seen(user("b"), ""), std::nullopt);
}

TEST(AccessPolicy, ProtectsTags) {
  PolicySource source;
  source.protections.push_back({.repositories = {NamePattern::parse_repository("team/**").value()},
                                .tags = {NamePattern::parse_tag("v*").value()},
                                .except = {AccessSubject::parse("group:release").value()}});
  source.protections.push_back({.repositories = {NamePattern::parse_repository("frozen").value()}});
  const auto rules = AccessPolicy::compile(std::move(source));
  EXPECT_NE(rules->protection_of(user("a"), "team/app", "v1"), nullptr);
  EXPECT_EQ(rules->protection_of(user("a"), "team/app", "latest"), nullptr);
  EXPECT_EQ(rules->protection_of(user("a"), "app", "v1"), nullptr);
  EXPECT_EQ(rules->protection_of(user("a", {"release"}), "team/app", "v1"), nullptr);
  EXPECT_NE(rules->protection_of(user("a", {"release"}), "frozen", "latest"), nullptr);
}

TEST(AccessSubject, ReadsWhatItWrites) {
  for (const char* text : {"anonymous", "authenticated", "user:alice@example.com", "group:ops", "robot:ci"}) {
    EXPECT_EQ(AccessSubject::parse(text).value().text(), text);
  }
  for (const char* text : {"", "alice", "user:", "user:a b", "Anonymous", "everybody"}) {
    EXPECT_FALSE(AccessSubject::parse(text)) << text;
  }
}

}  // namespace
}  // namespace berth
