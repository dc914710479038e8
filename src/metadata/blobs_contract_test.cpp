#include "metadata/metadata_store_contract.h"

namespace berth {
namespace {

MountBlob mount(std::string_view to, std::string_view content, std::optional<std::string_view> from = std::nullopt) {
  MountBlob request{.to = repo(to),
                    .digest = digest(content),
                    .from = std::nullopt,
                    .now = at(5),
                    .promised_until = at(150),
                    .review_due = at(250)};
  if (from) request.from = repo(*from);
  return request;
}

}  // namespace

TEST_P(MetadataStoreContract, ACommittedBlobIsFoundWhereItWasPushedOnly) {
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  commit(blob("a", "layer"));
  const std::optional<BlobLink> link = run_task(store().find_blob(repo("a"), digest("layer")));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->digest, digest("layer"));
  EXPECT_EQ(link->size_bytes, 5U);
  EXPECT_EQ(link->promised_until, at(100));
  EXPECT_FALSE(run_task(store().find_blob(repo("b"), digest("layer"))));
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("other"))));
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::present);
  EXPECT_EQ(run_task(store().blob_state(digest("other"))), std::nullopt);
  EXPECT_EQ(review_of(ReviewKind::link, repo("a"), digest("layer")), at(200));
}

TEST_P(MetadataStoreContract, ABlobOfAnotherAlgorithmIsAnotherBlob) {
  CommitBlob long_digest = blob("a", "layer");
  long_digest.digest = digest_of(HashAlgorithm::sha512, "layer");
  commit(long_digest);
  EXPECT_TRUE(run_task(store().find_blob(repo("a"), long_digest.digest)));
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
}

TEST_P(MetadataStoreContract, CommittingABlobEndsItsUpload) {
  run_task(store().create_upload(upload("u1", "a")));
  run_task(store().create_upload(upload("u2", "a")));
  CommitBlob request = blob("a", "layer");
  request.upload = upload_id("u1");
  commit(request);
  EXPECT_FALSE(run_task(store().find_upload(upload_id("u1"))));
  EXPECT_TRUE(run_task(store().find_upload(upload_id("u2"))));
}

TEST_P(MetadataStoreContract, CommittingAgainKeepsTheLongerPromiseAndTakesTheNewSize) {
  commit(blob("a", "layer"));
  CommitBlob again = blob("a", "layer");
  again.promised_until = at(50);
  again.size_bytes = 77;
  commit(again);
  const std::optional<BlobLink> link = run_task(store().find_blob(repo("a"), digest("layer")));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->promised_until, at(100));
  EXPECT_EQ(link->size_bytes, 77U);
}

TEST_P(MetadataStoreContract, AMissingBlobIsAbsentUntilItIsPushedAgain) {
  commit(blob("a", "layer"));
  run_task(store().mark_blob_missing(digest("layer")));
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::missing);
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_FALSE(run_task(store().mount_blob(mount("b", "layer"))).link);
  EXPECT_FALSE(run_task(store().renew_blob_promise(repo("a"), digest("layer"), at(500))));
  EXPECT_FALSE(was_put(with_reference(manifest("a", "image"), ReferenceKind::layer, "layer")));

  // Pushed into another repository: the first one's link stood all the time.
  commit(blob("b", "layer"));
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::present);
  const std::optional<BlobLink> link = run_task(store().find_blob(repo("a"), digest("layer")));
  ASSERT_TRUE(link);
  EXPECT_EQ(link->promised_until, at(100));
}

TEST_P(MetadataStoreContract, MarkingAnUnknownBlobMissingMakesNothing) {
  run_task(store().mark_blob_missing(digest("layer")));
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), std::nullopt);
}

TEST_P(MetadataStoreContract, MountNeedsABlobAndTheSourcesLink) {
  EXPECT_FALSE(run_task(store().mount_blob(mount("to", "layer", "from"))).link);
  EXPECT_FALSE(run_task(store().repository_exists(repo("to"))));
  commit(blob("from", "layer"));
  commit(blob("other", "something"));
  EXPECT_FALSE(run_task(store().mount_blob(mount("to", "layer", "other"))).link);
  EXPECT_FALSE(run_task(store().mount_blob(mount("to", "layer", "unknown"))).link);
  EXPECT_FALSE(run_task(store().find_blob(repo("to"), digest("layer"))));

  const std::optional<BlobLink> link = run_task(store().mount_blob(mount("to", "layer", "from"))).link;
  ASSERT_TRUE(link);
  EXPECT_EQ(link->digest, digest("layer"));
  EXPECT_EQ(link->size_bytes, 5U);
  EXPECT_EQ(link->promised_until, at(150));
  EXPECT_TRUE(run_task(store().find_blob(repo("to"), digest("layer"))));
  EXPECT_EQ(review_of(ReviewKind::link, repo("to"), digest("layer")), at(250));
}

TEST_P(MetadataStoreContract, MountWithoutASourceTakesAnyLink) {
  commit(blob("from", "layer"));
  EXPECT_TRUE(run_task(store().mount_blob(mount("to", "layer"))).link);
  EXPECT_TRUE(run_task(store().find_blob(repo("to"), digest("layer"))));
}

TEST_P(MetadataStoreContract, MountWithoutAnyLinkGivesNothing) {
  commit(blob("from", "layer"));
  EXPECT_EQ(std::get<BlobUnlinked>(run_task(store().delete_blob(repo("from"), digest("layer"), at(1), at(2)))),
            BlobUnlinked::yes);
  // The bytes are still there, but nobody may serve them: whoever knows a digest must not get at them by a mount.
  EXPECT_EQ(run_task(store().blob_state(digest("layer"))), BlobState::present);
  EXPECT_FALSE(run_task(store().mount_blob(mount("to", "layer"))).link);
}

TEST_P(MetadataStoreContract, MountOverAStandingLinkKeepsTheLongerPromise) {
  commit(blob("a", "layer"));
  MountBlob shorter = mount("a", "layer");
  shorter.promised_until = at(20);
  EXPECT_EQ(run_task(store().mount_blob(shorter)).link->promised_until, at(100));
}

TEST_P(MetadataStoreContract, RenewingAPromiseNeedsTheLinkAndNeverShortens) {
  EXPECT_FALSE(run_task(store().renew_blob_promise(repo("a"), digest("layer"), at(300))));
  commit(blob("a", "layer"));
  EXPECT_FALSE(run_task(store().renew_blob_promise(repo("b"), digest("layer"), at(300))));
  EXPECT_TRUE(run_task(store().renew_blob_promise(repo("a"), digest("layer"), at(300))));
  EXPECT_EQ(run_task(store().find_blob(repo("a"), digest("layer")))->promised_until, at(300));
  EXPECT_TRUE(run_task(store().renew_blob_promise(repo("a"), digest("layer"), at(250))));
  EXPECT_EQ(run_task(store().find_blob(repo("a"), digest("layer")))->promised_until, at(300));
}

TEST_P(MetadataStoreContract, DeletingABlobTakesTheLinkOfThatRepositoryOnly) {
  commit(blob("a", "layer"));
  commit(blob("b", "layer"));
  EXPECT_EQ(std::get<BlobUnlinked>(run_task(store().delete_blob(repo("a"), digest("layer"), at(1), at(400)))),
            BlobUnlinked::yes);
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("layer"))));
  EXPECT_TRUE(run_task(store().find_blob(repo("b"), digest("layer"))));
  EXPECT_EQ(review_of(ReviewKind::blob, std::nullopt, digest("layer")), at(400));
}

TEST_P(MetadataStoreContract, DeletingAnUnknownBlobSaysSo) {
  EXPECT_EQ(std::get<BlobUnlinked>(run_task(store().delete_blob(repo("a"), digest("layer"), at(1), at(2)))),
            BlobUnlinked::unknown);
  commit(blob("b", "layer"));
  EXPECT_EQ(std::get<BlobUnlinked>(run_task(store().delete_blob(repo("a"), digest("layer"), at(1), at(2)))),
            BlobUnlinked::unknown);
}

TEST_P(MetadataStoreContract, ABlobThatAManifestNamesIsNotDeleted) {
  commit(blob("a", "config"));
  commit(blob("a", "layer"));
  commit(blob("b", "layer"));
  PutManifest image = with_reference(manifest("a", "image"), ReferenceKind::config, "config");
  ASSERT_TRUE(was_put(with_reference(image, ReferenceKind::layer, "layer")));
  for (const std::string_view content : {"config", "layer"}) {
    const DeleteBlobOutcome outcome = run_task(store().delete_blob(repo("a"), digest(content), at(1), at(2)));
    ASSERT_TRUE(std::holds_alternative<BlobInUse>(outcome));
    EXPECT_EQ(std::get<BlobInUse>(outcome).by, digest("image"));
    EXPECT_TRUE(run_task(store().find_blob(repo("a"), digest(content))));
  }
  // Another repository's manifests do not matter.
  EXPECT_TRUE(
      std::holds_alternative<BlobUnlinked>(run_task(store().delete_blob(repo("b"), digest("layer"), at(1), at(2)))));
  run_task(store().delete_manifest(deletion("a", "image")));
  EXPECT_TRUE(
      std::holds_alternative<BlobUnlinked>(run_task(store().delete_blob(repo("a"), digest("layer"), at(1), at(2)))));
}

TEST_P(MetadataStoreContract, AnIndexDoesNotHoldABlobThatHasTheBytesOfItsChild) {
  ASSERT_TRUE(was_put(manifest("a", "child")));
  ASSERT_TRUE(was_put(with_reference(manifest("a", "index"), ReferenceKind::manifest, "child")));
  commit(blob("a", "child"));
  EXPECT_TRUE(
      std::holds_alternative<BlobUnlinked>(run_task(store().delete_blob(repo("a"), digest("child"), at(1), at(2)))));
  EXPECT_TRUE(run_task(store().find_manifest(repo("a"), digest("child"))));
}

}  // namespace berth
