#include "metadata/metadata_store_contract.h"

#include <algorithm>

namespace berth {
namespace {

template <class T>
std::vector<std::string> texts(const std::vector<T>& entries) {
  std::vector<std::string> out;
  for (const T& entry : entries) out.push_back(entry.text());
  return out;
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_P(MetadataStoreContract, TagsAreListedBytewiseInPages) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "image"), {"v2", "V2", "v10", "_x", "1.0", "v1"})));
  ASSERT_TRUE(was_put(with_tags(manifest("b", "image"), {"other"})));
  const Page<Tag> all = run_task(store().list_tags(repo("a"), std::nullopt, 100));
  EXPECT_EQ(texts(all.entries), (Texts{"1.0", "V2", "_x", "v1", "v10", "v2"}));
  EXPECT_FALSE(all.has_more);

  const Page<Tag> first = run_task(store().list_tags(repo("a"), std::nullopt, 4));
  EXPECT_EQ(texts(first.entries), (Texts{"1.0", "V2", "_x", "v1"}));
  EXPECT_TRUE(first.has_more);
  const Page<Tag> second = run_task(store().list_tags(repo("a"), "v1", 2));
  EXPECT_EQ(texts(second.entries), (Texts{"v10", "v2"}));
  EXPECT_FALSE(second.has_more) << "exactly full is not more";
  EXPECT_EQ(texts(run_task(store().list_tags(repo("a"), "v", 100)).entries), (Texts{"v1", "v10", "v2"}))
      << "`after` need not exist";
  EXPECT_TRUE(run_task(store().list_tags(repo("a"), "zzz", 100)).entries.empty());
  EXPECT_TRUE(run_task(store().list_tags(repo("unknown"), std::nullopt, 100)).entries.empty());

  const Page<Tag> none = run_task(store().list_tags(repo("a"), std::nullopt, 0));
  EXPECT_TRUE(none.entries.empty());
  EXPECT_TRUE(none.has_more);
  EXPECT_EQ(run_task(store().list_tags(repo("a"), std::nullopt, SIZE_MAX)).entries.size(), 6U);
}

TEST_P(MetadataStoreContract, TheCatalogHasOnlyRepositoriesWithAManifest) {
  ASSERT_TRUE(was_put(manifest("b/c", "image")));
  ASSERT_TRUE(was_put(manifest("b", "image")));
  ASSERT_TRUE(was_put(manifest("b-c", "image")));
  ASSERT_TRUE(was_put(manifest("a", "image")));
  commit(blob("blobs-only", "layer"));
  run_task(store().create_upload(upload("u", "upload-only")));

  EXPECT_EQ(texts(run_task(store().list_repositories(std::nullopt, 100)).entries), (Texts{"a", "b", "b-c", "b/c"}));
  const Page<RepositoryName> page = run_task(store().list_repositories("a", 2));
  EXPECT_EQ(texts(page.entries), (Texts{"b", "b-c"}));
  EXPECT_TRUE(page.has_more);
  EXPECT_EQ(texts(run_task(store().list_repositories("b!not a name", 100)).entries), (Texts{"b-c", "b/c"}));
  EXPECT_FALSE(run_task(store().list_repositories("b-c", 1)).has_more);

  run_task(store().delete_manifest(deletion("b", "image")));
  EXPECT_EQ(texts(run_task(store().list_repositories(std::nullopt, 100)).entries), (Texts{"a", "b-c", "b/c"}));
  EXPECT_TRUE(run_task(store().repository_exists(repo("b"))));
  EXPECT_TRUE(run_task(store().repository_exists(repo("blobs-only"))));
  EXPECT_FALSE(run_task(store().repository_exists(repo("upload-only"))));
}

TEST_P(MetadataStoreContract, ReferrersAreListedInOrderOfTheirDigest) {
  ASSERT_TRUE(was_put(manifest("a", "image")));
  Texts expected;
  for (int i = 0; i < 10; ++i) {
    const std::string content = "referrer " + std::to_string(i);
    PutManifest put = with_subject(manifest("a", content), "image", i % 2 == 0 ? "application/even" : "application/odd");
    if (i == 3) put.digest = digest_of(HashAlgorithm::sha512, content);
    put.annotations = {{"number", std::to_string(i)}, {"quote\"d", "\xc3\xa9\n"}};
    expected.push_back(put.digest.to_string());
    ASSERT_TRUE(was_put(put));
  }
  std::ranges::sort(expected);
  ASSERT_TRUE(was_put(with_subject(manifest("b", "elsewhere"), "image", "application/even")));
  ASSERT_TRUE(was_put(with_subject(manifest("a", "of another"), "other", "application/even")));

  Texts walked;
  std::optional<Digest> after;
  for (;;) {
    const Page<ReferrerRecord> page = run_task(store().list_referrers(repo("a"), digest("image"), std::nullopt, after, 3));
    for (const ReferrerRecord& record : page.entries) walked.push_back(record.digest.to_string());
    if (!page.has_more) break;
    ASSERT_FALSE(page.entries.empty());
    after = page.entries.back().digest;
  }
  EXPECT_EQ(walked, expected);
}

TEST_P(MetadataStoreContract, ReferrersTellWhatTheListNeedsAndAreFilteredByType) {
  // The subject need not be there, and the order of arrival does not matter.
  PutManifest put = with_subject(manifest("a", "signature"), "image", "application/sig");
  put.media_type = "application/vnd.oci.image.index.v1+json";
  put.annotations = {{"key", "value"}};
  ASSERT_TRUE(was_put(put));
  ASSERT_TRUE(was_put(with_subject(manifest("a", "sbom"), "image", "application/sbom")));

  const Page<ReferrerRecord> page =
      run_task(store().list_referrers(repo("a"), digest("image"), "application/sig", std::nullopt, 10));
  ASSERT_EQ(page.entries.size(), 1U);
  EXPECT_FALSE(page.has_more);
  const ReferrerRecord& record = page.entries[0];
  EXPECT_EQ(record.digest, digest("signature"));
  EXPECT_EQ(record.media_type, put.media_type);
  EXPECT_EQ(record.artifact_type, "application/sig");
  EXPECT_EQ(record.size_bytes, 9U);
  EXPECT_EQ(record.annotations, put.annotations);
  EXPECT_TRUE(run_task(store().list_referrers(repo("a"), digest("image"), "application/sig", record.digest, 10)).entries.empty());
  EXPECT_TRUE(run_task(store().list_referrers(repo("a"), digest("image"), "application/none", std::nullopt, 10)).entries.empty());
  EXPECT_EQ(run_task(store().list_referrers(repo("a"), digest("image"), std::nullopt, std::nullopt, 10)).entries.size(), 2U);

  run_task(store().delete_manifest(deletion("a", "signature")));
  EXPECT_EQ(run_task(store().list_referrers(repo("a"), digest("image"), std::nullopt, std::nullopt, 10)).entries.size(), 1U);
}

}  // namespace berth
