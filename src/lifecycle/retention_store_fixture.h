// A metadata store, a retention engine over it, and pushes in few words, for the tests of retention on stores.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "lifecycle/retention_engine.h"
#include "lifecycle/retention_rule_text.h"
#include "metadata/memory/memory_metadata_store.h"
#include "metadata/sqlite/sqlite_metadata_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth::retention_test {

/// Both sides of one store, and what it stands on.
struct StoreUnderRetention {
  std::unique_ptr<TemporaryDirectory> directory = {};
  std::unique_ptr<MetadataStore> metadata = {};
  RetentionStore* retention = nullptr;
};

inline StoreUnderRetention memory_store() {
  auto store = std::make_unique<MemoryMetadataStore>();
  RetentionStore* const retention = store.get();
  return {.metadata = std::move(store), .retention = retention};
}

inline StoreUnderRetention sqlite_store() {
  auto directory = std::make_unique<TemporaryDirectory>();
  auto store = std::make_unique<SqliteMetadataStore>(SqliteOptions{.path = directory->path() / "metadata.db"});
  RetentionStore* const retention = &store->retention();
  return {.directory = std::move(directory), .metadata = std::move(store), .retention = retention};
}

inline Digest digest_called(std::string_view name) {
  return digest_of(HashAlgorithm::sha256, name);
}

/// Called a, b, c ... of their texts.
inline std::vector<RetentionRule> rules_called(std::initializer_list<std::string_view> texts) {
  std::vector<RetentionRule> rules;
  for (const std::string_view text : texts) {
    rules.push_back(parse_retention_rule(text).value());
    rules.back().name = std::string(1, static_cast<char>('a' + rules.size() - 1));
  }
  return rules;
}

/// A registry whose images are called by a name of which their digests are made.
class RetainedRegistry {
 public:
  explicit RetainedRegistry(StoreUnderRetention store, RetentionEngineOptions options = {.uses_trash = true})
      : store_(std::move(store)), engine_(parts(), options) {}

  RetentionParts parts() {
    return {.metadata = *store_.metadata,
            .retention = *store_.retention,
            .workers = workers_,
            .clock = clock,
            .log = *log_,
            .metrics = metrics,
            .access = [this] { return access; }};
  }

  /// By default of long ago, so that nothing is promised any more.
  void push(const std::string& repository, const std::string& name, const std::vector<std::string>& tags,
            const std::vector<std::string>& children = {}, std::string_view subject = {},
            std::chrono::microseconds promise = std::chrono::seconds(0)) {
    const WallTime now = clock.now();
    PutManifest put{.repository = RepositoryName::parse(repository).value(),
                    .digest = digest_called(name),
                    .media_type = "application/vnd.oci.image.manifest.v1+json",
                    .artifact_type = "",
                    .subject = std::nullopt,
                    .annotations = {},
                    .bytes = SharedBytes(std::string(name)),
                    .references = {},
                    .tags = {},
                    .limits = {},
                    .who = "alice",
                    .now = now,
                    .promised_until = now + promise,
                    .review_due = now};
    if (!subject.empty()) put.subject = digest_called(subject);
    for (const std::string& tag : tags) put.tags.push_back(Tag::parse(tag).value());
    for (const std::string& child : children) {
      put.references.push_back(
          {.kind = ReferenceKind::manifest, .digest = digest_called(child), .size_bytes = child.size()});
    }
    EXPECT_TRUE(std::holds_alternative<ManifestPut>(run_task(store_.metadata->put_manifest(std::move(put)))));
  }

  RetentionPlan plan(std::vector<RetentionRule> rules) {
    return run_task(engine_.plan(std::nullopt, std::move(rules), clock.now())).value();
  }
  RetentionReport carry_out(const RetentionPlan& plan, RetentionControl control = {}) {
    return run_task(engine_.carry_out(plan, "retention", std::move(control)));
  }
  std::set<std::string> tags(const std::string& repository) {
    std::set<std::string> names;
    for (const Tag& tag :
         run_task(store_.metadata->list_tags(RepositoryName::parse(repository).value(), std::nullopt, 1000)).entries) {
      names.insert(tag.text());
    }
    return names;
  }
  std::optional<Digest> names(const std::string& repository, const std::string& tag) {
    const auto record = run_task(
        store_.metadata->find_tagged_manifest(RepositoryName::parse(repository).value(), Tag::parse(tag).value()));
    return record ? std::optional(record->digest) : std::nullopt;
  }
  bool has(const std::string& repository, const std::string& name) {
    return run_task(store_.metadata->find_manifest(RepositoryName::parse(repository).value(), digest_called(name)))
        .has_value();
  }
  MetadataStore& metadata() { return *store_.metadata; }
  RetentionStore& retention() { return *store_.retention; }
  RetentionEngine& engine() { return engine_; }
  Log& log() { return *log_; }

  ManualClock clock;
  Metrics metrics;
  std::shared_ptr<const AccessPolicy> access = AccessPolicy::compile({});

 private:
  StoreUnderRetention store_;
  std::unique_ptr<Log> log_ = make_silent_log();
  BlockingPool workers_{"workers", 1, 64};
  RetentionEngine engine_;
};

inline std::shared_ptr<const AccessPolicy> protecting(std::string_view tags) {
  PolicySource source;
  source.protections.push_back(
      {.tags = {NamePattern::parse_tag(tags).value()}, .except = {AccessSubject::parse("user:root").value()}});
  return AccessPolicy::compile(std::move(source));
}

}  // namespace berth::retention_test
