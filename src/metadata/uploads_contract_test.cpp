#include "metadata/metadata_store_contract.h"

#include "base/failure.h"

namespace berth {

TEST_P(MetadataStoreContract, AnUploadComesBackAsItWasMade) {
  UploadRecord made = upload("u1", "a", at(3));
  made.progress = {12, HashAlgorithm::sha512, std::string("state\0with zero", 15)};
  made.expected = digest("layer");
  EXPECT_FALSE(run_task(store().find_upload(made.id)));
  run_task(store().create_upload(made));
  const std::optional<UploadRecord> found = run_task(store().find_upload(made.id));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->id, made.id);
  EXPECT_EQ(found->repository, repo("a"));
  EXPECT_EQ(found->owner, "first");
  EXPECT_EQ(found->generation, 1U);
  EXPECT_EQ(found->started, at(3));
  EXPECT_EQ(found->last_active, at(3));
  EXPECT_EQ(found->progress.durable_offset, 12U);
  EXPECT_EQ(found->progress.algorithm, HashAlgorithm::sha512);
  EXPECT_EQ(found->progress.hash_state, made.progress.hash_state);
  EXPECT_EQ(found->expected, digest("layer"));
}

TEST_P(MetadataStoreContract, AnUploadIdIsUsedOnce) {
  run_task(store().create_upload(upload("u1", "a")));
  EXPECT_THROW(run_task(store().create_upload(upload("u1", "b"))), Failure);
  EXPECT_EQ(run_task(store().find_upload(upload_id("u1")))->repository, repo("a"));
}

TEST_P(MetadataStoreContract, ATakeOverShutsTheOldWriterOut) {
  EXPECT_FALSE(run_task(store().claim_upload(upload_id("u1"), "first", at(1))));
  run_task(store().create_upload(upload("u1", "a")));
  EXPECT_EQ(run_task(store().claim_upload(upload_id("u1"), "first", at(1)))->generation, 1U);
  EXPECT_TRUE(run_task(store().record_upload_progress(upload_id("u1"), 1, {5, HashAlgorithm::sha256, "five"}, at(2))));

  const std::optional<UploadRecord> taken = run_task(store().claim_upload(upload_id("u1"), "second", at(3)));
  ASSERT_TRUE(taken);
  EXPECT_EQ(taken->generation, 2U);
  EXPECT_EQ(taken->owner, "second");
  EXPECT_EQ(taken->last_active, at(3));
  EXPECT_EQ(taken->progress.durable_offset, 5U);
  EXPECT_EQ(taken->progress.hash_state, "five");

  EXPECT_FALSE(run_task(store().record_upload_progress(upload_id("u1"), 1, {6, HashAlgorithm::sha256, "six"}, at(4))));
  EXPECT_FALSE(
      run_task(store().record_upload_expectation(upload_id("u1"), 1, digest("x"), {6, HashAlgorithm::sha256, "six"}, at(4))));
  EXPECT_EQ(run_task(store().find_upload(upload_id("u1")))->progress.durable_offset, 5U);
  EXPECT_TRUE(run_task(store().record_upload_progress(upload_id("u1"), 2, {7, HashAlgorithm::sha256, "seven"}, at(5))));
  const std::optional<UploadRecord> now = run_task(store().find_upload(upload_id("u1")));
  EXPECT_EQ(now->progress.durable_offset, 7U);
  EXPECT_EQ(now->last_active, at(5));
  EXPECT_EQ(now->expected, std::nullopt);
}

TEST_P(MetadataStoreContract, TheExpectedDigestStaysUntilTheUploadEnds) {
  run_task(store().create_upload(upload("u1", "a")));
  EXPECT_TRUE(run_task(
      store().record_upload_expectation(upload_id("u1"), 1, digest("layer"), {5, HashAlgorithm::sha256, "s"}, at(1))));
  EXPECT_TRUE(run_task(store().record_upload_progress(upload_id("u1"), 1, {6, HashAlgorithm::sha256, "t"}, at(2))));
  const std::optional<UploadRecord> found = run_task(store().find_upload(upload_id("u1")));
  EXPECT_EQ(found->expected, digest("layer"));
  EXPECT_EQ(found->progress.durable_offset, 6U);
}

TEST_P(MetadataStoreContract, ADeletedUploadIsGone) {
  EXPECT_FALSE(run_task(store().delete_upload(upload_id("u1"))));
  run_task(store().create_upload(upload("u1", "a")));
  EXPECT_TRUE(run_task(store().delete_upload(upload_id("u1"))));
  EXPECT_FALSE(run_task(store().delete_upload(upload_id("u1"))));
  EXPECT_FALSE(run_task(store().find_upload(upload_id("u1"))));
  EXPECT_FALSE(run_task(store().record_upload_progress(upload_id("u1"), 1, {}, at(1))));
}

TEST_P(MetadataStoreContract, OldUploadsAreListedInOrderOfTheirId) {
  for (int i = 9; i >= 0; --i) run_task(store().create_upload(upload("u" + std::to_string(i), "a", at(i))));
  std::vector<std::string> walked;
  std::optional<UploadId> after;
  for (;;) {
    const std::vector<UploadRecord> page = run_task(store().list_uploads(at(7), after, 3));
    if (page.empty()) break;
    EXPECT_LE(page.size(), 3U);
    for (const UploadRecord& record : page) walked.push_back(record.id.text());
    after = page.back().id;
  }
  EXPECT_EQ(walked, (std::vector<std::string>{"u0", "u1", "u2", "u3", "u4", "u5", "u6"}));
}

}  // namespace berth
