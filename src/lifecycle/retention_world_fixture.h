// Worlds for the tests of retention, in few words.
#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "lifecycle/retention_plan.h"
#include "lifecycle/retention_rule_text.h"

namespace berth::retention_test {

inline constexpr WallTime kNow{std::chrono::sys_days(std::chrono::January / 1 / 2030)};

inline Digest digest_named(std::string_view name) {
  return digest_of(HashAlgorithm::sha256, name);
}

/// Images are called by a name of which their digest is made.
class World {
 public:
  /// Without tags it is untagged. The references stay good until the next image of the repository.
  std::vector<RetentionFact*> image(const std::string& repository, const std::string& name,
                                    const std::vector<std::string>& tags, std::chrono::microseconds age,
                                    std::optional<std::chrono::microseconds> pulled_ago = std::nullopt) {
    std::vector<RetentionFact>& facts = repositories_[repository];
    const std::size_t first = facts.size();
    RetentionFact fact{.tag = std::nullopt,
                       .digest = digest_named(name),
                       .media_type = "application/vnd.oci.image.manifest.v1+json",
                       .pushed = kNow - age,
                       .size_bytes = 1000};
    if (pulled_ago) fact.last_pulled = kNow - *pulled_ago;
    if (tags.empty()) facts.push_back(fact);
    for (const std::string& tag : tags) {
      fact.tag = Tag::parse(tag).value();
      facts.push_back(fact);
    }
    std::vector<RetentionFact*> added;
    for (std::size_t i = first; i < facts.size(); ++i) added.push_back(&facts[i]);
    return added;
  }

  RetentionWorld facts() const {
    RetentionWorld world{.repositories = {}, .now = kNow};
    for (const auto& [name, facts] : repositories_) {
      world.repositories.push_back({.name = RepositoryName::parse(name).value(), .facts = facts});
    }
    return world;
  }

  RetentionPlan plan(std::vector<RetentionRule> rules) const { return plan_retention(facts(), std::move(rules)); }

 private:
  std::map<std::string, std::vector<RetentionFact>> repositories_;
};

/// Tags that were pushed 1, 2, 3 ... days ago.
inline World with_tags(std::initializer_list<const char*> tags) {
  World world;
  int age = 0;
  for (const char* tag : tags) world.image("team/app", tag, {tag}, std::chrono::days(++age));
  return world;
}

/// Rules called a, b, c ... of their texts.
inline std::vector<RetentionRule> rules(std::initializer_list<std::string_view> texts) {
  std::vector<RetentionRule> rules;
  for (const std::string_view text : texts) {
    rules.push_back(parse_retention_rule(text).value());
    rules.back().name = std::string(1, static_cast<char>('a' + rules.size() - 1));
  }
  return rules;
}

/// Tags and, for what is untagged, the first eight characters of digests.
inline std::set<std::string> with_decision(const RetentionPlan& plan, RetentionAction decision) {
  std::set<std::string> names;
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision != decision) continue;
    names.insert(entry.fact.tag ? entry.fact.tag->text() : entry.fact.digest.hex().substr(0, 8));
  }
  return names;
}

inline std::set<std::string> deleted(const RetentionPlan& plan) {
  return with_decision(plan, RetentionAction::remove);
}

/// The digests that some entry stays for.
inline std::set<Digest> staying(const RetentionPlan& plan) {
  std::set<Digest> digests;
  for (const RetentionEntry& entry : plan.entries) {
    if (entry.decision != RetentionAction::remove) digests.insert(entry.fact.digest);
  }
  return digests;
}

inline std::string short_name(std::string_view image) {
  return digest_named(image).hex().substr(0, 8);
}

}  // namespace berth::retention_test
