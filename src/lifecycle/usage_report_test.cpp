#include "lifecycle/usage_report.h"

#include <gtest/gtest.h>

#include "lifecycle/quota_metrics.h"
#include "metadata/memory/memory_metadata_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

Digest sha256_of(std::string_view bytes) {
  return digest_of(HashAlgorithm::sha256, bytes);
}

class UsageReportTest : public testing::Test {
 protected:
  static RepositoryName repo(const std::string& name) { return RepositoryName::parse(name).value(); }

  void commit(const std::string& repository, const std::string& content, std::chrono::seconds promise = {}) {
    run_task(store_.commit_blob({.repository = repo(repository),
                                 .digest = sha256_of(content),
                                 .size_bytes = content.size(),
                                 .upload = std::nullopt,
                                 .now = clock_.now(),
                                 .promised_until = clock_.now() + promise,
                                 .review_due = clock_.now()}));
  }
  void put(const std::string& repository, const std::string& content, const std::vector<std::string>& layers) {
    PutManifest put{.repository = repo(repository),
                    .digest = sha256_of(content),
                    .media_type = "application/vnd.oci.image.manifest.v1+json",
                    .artifact_type = "",
                    .subject = std::nullopt,
                    .annotations = {},
                    .bytes = SharedBytes(std::string(content)),
                    .references = {},
                    .tags = {Tag::parse("v1").value()},
                    .limits = {},
                    .who = "",
                    .now = clock_.now(),
                    .promised_until = clock_.now(),
                    .review_due = clock_.now()};
    for (const std::string& layer : layers) {
      put.references.push_back({.kind = ReferenceKind::layer, .digest = sha256_of(layer), .size_bytes = layer.size()});
    }
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(run_task(store_.put_manifest(std::move(put)))));
  }
  void throw_away(const std::string& repository, const std::string& content) {
    run_task(store_.delete_manifest({.repository = repo(repository),
                                     .digest = sha256_of(content),
                                     .who = "",
                                     .now = clock_.now(),
                                     .review_due = clock_.now(),
                                     .to_trash = true}));
  }
  UsageReport report(const std::string& pattern = "**") {
    return run_task(reporter_.report(NamePattern::parse_repository(pattern).value())).value();
  }
  static const RepositoryUsage& of(const UsageReport& report, const std::string& name) {
    for (const NamedUsage& each : report.repositories) {
      if (each.repository.text() == name) return each.usage;
    }
    ADD_FAILURE() << name << " is not in the report";
    static const RepositoryUsage kNothing;
    return kNothing;
  }

  ManualClock clock_;
  MemoryMetadataStore store_;
  const QuotaPolicy quotas_{
      {{.repositories = NamePattern::parse_repository("a/**").value(), .bytes = 1'000},
       {.repositories = NamePattern::parse_repository("**").value(), .unit = ScopeUnit::each, .bytes = 500}}};
  UsageReporter reporter_{store_, quotas_, clock_};
};

TEST_F(UsageReportTest, SaysWhoseBlobsAreWhoseAndWhatCanGo) {
  run_task(store_.keep_scopes(quotas_.scopes()));
  commit("a/one", "shared");
  commit("b", "shared");
  commit("a/one", "alone!!");
  put("a/one", "image", {"shared", "alone!!"});
  put("b", "picture", {"shared"});
  commit("a/one", "garbage.");
  commit("a/one", "promised..", std::chrono::hours(1));
  const UsageReport all = report();
  const RepositoryUsage& one = of(all, "a/one");
  EXPECT_EQ(one.bytes, 5U + 6 + 7);
  EXPECT_EQ(one.pending_bytes, 8U + 10);
  EXPECT_EQ(one.unique_bytes, 7U + 8 + 10);
  EXPECT_EQ(one.shared_bytes, 6U);
  EXPECT_EQ(one.reclaimable_bytes, 8U);
  EXPECT_EQ(one.trash_bytes, 0U);
  EXPECT_EQ(one.manifests, 1U);
  EXPECT_EQ(one.tags, 1U);
  EXPECT_EQ(of(all, "b").shared_bytes, 6U);
  EXPECT_EQ(all.stored.blobs, 4U);
  EXPECT_EQ(all.stored.bytes, 6U + 7 + 8 + 10);
  EXPECT_EQ(all.stored.reclaimable_bytes, 8U);
  ASSERT_EQ(all.quotas.size(), 3U);
  EXPECT_EQ(all.quotas[0].usage.bytes, one.bytes);
  EXPECT_EQ(all.quotas[0].usage.pending_bytes, one.pending_bytes);
  EXPECT_EQ(all.quotas[1].repository, repo("a/one"));
  EXPECT_EQ(all.quotas[2].usage.bytes, of(all, "b").bytes);

  const UsageReport part = report("b");
  EXPECT_EQ(part.repositories.size(), 1U);
  EXPECT_EQ(part.stored.bytes, all.stored.bytes) << "the registry's, whoever is asked about";
  EXPECT_EQ(part.quotas.size(), 2U);
}

TEST_F(UsageReportTest, WhatOnlyTheTrashKeepsIsSaidApart) {
  run_task(store_.keep_scopes(quotas_.scopes()));
  commit("a/one", "layer");
  put("a/one", "image", {"layer"});
  throw_away("a/one", "image");
  EXPECT_EQ(of(report(), "a/one").trash_bytes, 5U);
  EXPECT_EQ(of(report(), "a/one").bytes, 0U);
  EXPECT_EQ(report().stored.trash_bytes, 5U);
  EXPECT_EQ(report().stored.reclaimable_bytes, 0U);
  run_task(store_.expire_trash(clock_.now() + std::chrono::seconds(1), clock_.now(), 10));
  EXPECT_EQ(of(report(), "a/one").reclaimable_bytes, 5U);
}

TEST_F(UsageReportTest, MetricsAreTwoARule) {
  run_task(store_.keep_scopes(quotas_.scopes()));
  put("a/one", "12345", {});
  put("a/two", "1234567", {});
  Metrics metrics;
  QuotaMetrics quota_metrics(reporter_, metrics);
  run_task(quota_metrics.refresh());
  const std::string text = metrics.render();
  EXPECT_NE(text.find("berth_quota_used_bytes{quota=\"a/**\"} 12\n"), std::string::npos) << text;
  EXPECT_NE(text.find("berth_quota_limit_bytes{quota=\"a/**\"} 1000\n"), std::string::npos) << text;
  EXPECT_NE(text.find("berth_quota_used_bytes{quota=\"each repository of **\"} 7\n"), std::string::npos) << text;
}

}  // namespace
}  // namespace berth
