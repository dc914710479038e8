#include "metadata/metadata_store_contract.h"

namespace berth {

TEST_P(MetadataStoreContract, AManifestComesBackByDigestAndByTag) {
  PutManifest put = with_tags(manifest("a", "image"), {"v1", "latest"});
  put.now = at(7);
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), put.digest)));
  const PutManifestOutcome outcome = run_task(store().put_manifest(put));
  ASSERT_TRUE(std::holds_alternative<ManifestPut>(outcome));
  EXPECT_TRUE(std::get<ManifestPut>(outcome).was_new);

  for (const std::optional<ManifestRecord>& found :
       {run_task(store().find_manifest(repo("a"), put.digest)),
        run_task(store().find_tagged_manifest(repo("a"), tag("v1"))),
        run_task(store().find_tagged_manifest(repo("a"), tag("latest")))}) {
    ASSERT_TRUE(found);
    EXPECT_EQ(found->digest, put.digest);
    EXPECT_EQ(found->media_type, put.media_type);
    EXPECT_EQ(found->artifact_type, put.artifact_type);
    EXPECT_EQ(found->bytes.view(), "image");
    EXPECT_EQ(found->pushed, at(7));
    EXPECT_EQ(found->promised_until, at(100));
  }
  EXPECT_FALSE(run_task(store().find_manifest(repo("b"), put.digest)));
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("b"), tag("v1"))));
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("a"), tag("v2"))));
  EXPECT_EQ(review_of(ReviewKind::manifest, repo("a"), put.digest), at(200));
}

TEST_P(MetadataStoreContract, ALargeBinaryManifestIsKeptByteForByte) {
  std::string content(4U << 20, '\0');
  for (std::size_t i = 0; i < content.size(); ++i) content[i] = static_cast<char>(i * 7 + i / 256);
  ASSERT_TRUE(was_put(manifest("a", content)));
  EXPECT_EQ(run_task(store().find_manifest(repo("a"), digest(content)))->bytes.view(), content);
}

TEST_P(MetadataStoreContract, PuttingTheSameAgainOnlyLengthensThePromise) {
  PutManifest put = with_tags(manifest("a", "image"), {"v1"});
  ASSERT_TRUE(was_put(put));
  put.now = at(20);
  put.promised_until = at(500);
  PutManifestOutcome outcome = run_task(store().put_manifest(put));
  EXPECT_FALSE(std::get<ManifestPut>(outcome).was_new);
  EXPECT_EQ(run_task(store().find_manifest(repo("a"), put.digest))->promised_until, at(500));
  EXPECT_EQ(run_task(store().find_manifest(repo("a"), put.digest))->pushed, at(0));
  put.promised_until = at(300);
  EXPECT_TRUE(was_put(put));
  EXPECT_EQ(run_task(store().find_manifest(repo("a"), put.digest))->promised_until, at(500));
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("v1"), 10)).size(), 1U);
}

TEST_P(MetadataStoreContract, EveryChangeOfATagStandsInItsHistory) {
  PutManifest first = with_tags(manifest("a", "one"), {"v1"});
  first.now = at(1);
  PutManifest second = with_tags(manifest("a", "two"), {"v1"});
  second.now = at(2);
  second.who = "";
  ASSERT_TRUE(was_put(first));
  ASSERT_TRUE(was_put(second));
  ASSERT_TRUE(was_put(second));
  run_task(store().delete_tag(tag_deletion("a", "v1")));

  const std::vector<TagChange> history = run_task(store().tag_history(repo("a"), tag("v1"), 10));
  ASSERT_EQ(history.size(), 3U);
  EXPECT_EQ(history[0].when, at(10));
  EXPECT_EQ(history[0].who, "bob");
  EXPECT_EQ(history[0].from, digest("two"));
  EXPECT_EQ(history[0].to, std::nullopt);
  EXPECT_EQ(history[1].when, at(2));
  EXPECT_EQ(history[1].who, "");
  EXPECT_EQ(history[1].from, digest("one"));
  EXPECT_EQ(history[1].to, digest("two"));
  EXPECT_EQ(history[2].from, std::nullopt);
  EXPECT_EQ(history[2].to, digest("one"));
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("v1"), 2)).size(), 2U);
  EXPECT_TRUE(run_task(store().tag_history(repo("a"), tag("v2"), 2)).empty());
  EXPECT_TRUE(run_task(store().tag_history(repo("b"), tag("v1"), 2)).empty());
}

TEST_P(MetadataStoreContract, AMovedTagSendsTheOldManifestToReview) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "one"), {"v1"})));
  PutManifest second = with_tags(manifest("a", "two"), {"v1"});
  second.review_due = at(900);
  ASSERT_TRUE(was_put(second));
  EXPECT_EQ(review_of(ReviewKind::manifest, repo("a"), digest("one")), at(900));
  EXPECT_TRUE(run_task(store().find_manifest(repo("a"), digest("one")))) << "untagged, not gone";
}

TEST_P(MetadataStoreContract, ATagNamedTwiceInOnePutChangesOnce) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "one"), {"v1", "v1"})));
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("v1"), 10)).size(), 1U);
}

TEST_P(MetadataStoreContract, RequiredReferencesMustBeThereAndOfTheirSize) {
  commit(blob("a", "config"));
  commit(blob("b", "elsewhere"));
  ASSERT_TRUE(was_put(manifest("a", "child")));
  PutManifest put = manifest("a", "image");
  put.references = {
      {.kind = ReferenceKind::config, .digest = digest("config"), .size_bytes = 6},
      {.kind = ReferenceKind::layer, .digest = digest("elsewhere"), .size_bytes = 9},  // no link here
      {.kind = ReferenceKind::layer, .digest = digest("config"), .size_bytes = 7},     // wrong size
      {.kind = ReferenceKind::manifest, .digest = digest("child"), .size_bytes = 5},
      {.kind = ReferenceKind::manifest, .digest = digest("child"), .size_bytes = 50},  // wrong size
      {.kind = ReferenceKind::manifest, .digest = digest("config"), .size_bytes = 6},  // a blob, no manifest
      {.kind = ReferenceKind::layer, .digest = digest("child"), .size_bytes = 5},      // a manifest, no blob
      {.kind = ReferenceKind::layer, .digest = digest("foreign"), .size_bytes = 1, .is_required = false},
  };
  put.tags = {tag("v1")};
  const PutManifestOutcome outcome = run_task(store().put_manifest(put));
  ASSERT_TRUE(std::holds_alternative<ReferencesRefused>(outcome));
  std::vector<std::pair<std::size_t, std::optional<std::uint64_t>>> problems;
  for (const ReferenceProblem& problem : std::get<ReferencesRefused>(outcome).problems) {
    problems.emplace_back(problem.index, problem.actual_size);
  }
  const std::vector<std::pair<std::size_t, std::optional<std::uint64_t>>> expected{
      {1, std::nullopt}, {2, 6}, {4, 5}, {5, std::nullopt}, {6, std::nullopt}};
  EXPECT_EQ(problems, expected);
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), put.digest)));
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("a"), tag("v1"))));
}

TEST_P(MetadataStoreContract, ARefusedManifestMakesNoRepository) {
  EXPECT_FALSE(was_put(with_reference(manifest("new", "image"), ReferenceKind::layer, "layer")));
  EXPECT_FALSE(run_task(store().repository_exists(repo("new"))));
}

TEST_P(MetadataStoreContract, ReferencesMayRepeatAndBeOfTwoKinds) {
  commit(blob("a", "{}"));
  PutManifest put = with_reference(manifest("a", "artifact"), ReferenceKind::config, "{}");
  put = with_reference(std::move(put), ReferenceKind::layer, "{}");
  EXPECT_TRUE(was_put(with_reference(std::move(put), ReferenceKind::layer, "{}")));
}

TEST_P(MetadataStoreContract, PreconditionsHoldForEveryTagOrNothingChanges) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "one"), {"taken"})));
  PutManifest put = with_tags(manifest("a", "two"), {"free", "taken"});
  put.limits.tags.if_none_match_any = true;
  const PutManifestOutcome outcome = run_task(store().put_manifest(put));
  ASSERT_TRUE(std::holds_alternative<PreconditionRefused>(outcome));
  EXPECT_EQ(std::get<PreconditionRefused>(outcome).tag, tag("taken"));
  EXPECT_EQ(std::get<PreconditionRefused>(outcome).current, digest("one"));
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("a"), tag("free"))));
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("two"))));
}

TEST_P(MetadataStoreContract, IfMatchMovesATagOnlyFromTheNamedDigest) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "one"), {"v1"})));
  PutManifest put = with_tags(manifest("a", "two"), {"v1"});
  put.limits.tags.if_match = {digest("other"), digest("three")};
  EXPECT_FALSE(was_put(put));
  put.limits.tags.if_match = {digest("other"), digest("one")};
  EXPECT_TRUE(was_put(put));
  PutManifest absent = with_tags(manifest("a", "two"), {"v2"});
  absent.limits.tags.if_match = {digest("two")};
  EXPECT_FALSE(was_put(absent));
  absent.limits.tags = {.if_match = {}, .if_match_any = true, .if_none_match_any = false, .if_none_match = {}};
  EXPECT_FALSE(was_put(absent));
  absent.limits.tags = {
      .if_match = {}, .if_match_any = false, .if_none_match_any = false, .if_none_match = {digest("two")}};
  EXPECT_TRUE(was_put(absent));
  EXPECT_FALSE(was_put(absent));
}

TEST_P(MetadataStoreContract, APreconditionIsAnsweredBeforeReferences) {
  PutManifest put = with_tags(manifest("a", "one"), {"v1"});
  put.limits.tags.if_match_any = true;
  put = with_reference(std::move(put), ReferenceKind::layer, "missing");
  EXPECT_TRUE(std::holds_alternative<PreconditionRefused>(run_task(store().put_manifest(put))));
}

TEST_P(MetadataStoreContract, RenewingAManifestsPromiseNeedsTheManifest) {
  EXPECT_FALSE(run_task(store().renew_manifest_promise(repo("a"), digest("image"), at(300))));
  ASSERT_TRUE(was_put(manifest("a", "image")));
  EXPECT_FALSE(run_task(store().renew_manifest_promise(repo("b"), digest("image"), at(300))));
  EXPECT_TRUE(run_task(store().renew_manifest_promise(repo("a"), digest("image"), at(300))));
  EXPECT_TRUE(run_task(store().renew_manifest_promise(repo("a"), digest("image"), at(200))));
  EXPECT_EQ(run_task(store().find_manifest(repo("a"), digest("image")))->promised_until, at(300));
}

TEST_P(MetadataStoreContract, DeletingATagLeavesTheManifest) {
  EXPECT_TRUE(std::holds_alternative<TagUnknown>(run_task(store().delete_tag(tag_deletion("a", "v1")))));
  ASSERT_TRUE(was_put(with_tags(manifest("a", "image"), {"v1", "v2"})));
  EXPECT_TRUE(std::holds_alternative<TagUnknown>(run_task(store().delete_tag(tag_deletion("a", "v3")))));
  const DeleteTagOutcome outcome = run_task(store().delete_tag(tag_deletion("a", "v1")));
  ASSERT_TRUE(std::holds_alternative<TagDeleted>(outcome));
  EXPECT_EQ(std::get<TagDeleted>(outcome).was, digest("image"));
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("a"), tag("v1"))));
  EXPECT_TRUE(run_task(store().find_tagged_manifest(repo("a"), tag("v2"))));
  EXPECT_TRUE(run_task(store().find_manifest(repo("a"), digest("image"))));
  EXPECT_EQ(review_of(ReviewKind::manifest, repo("a"), digest("image")), at(300));
}

TEST_P(MetadataStoreContract, DeletingATagHoldsToItsPrecondition) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "image"), {"v1"})));
  DeleteTag request = tag_deletion("a", "v1");
  request.limits.tags.if_match = {digest("other")};
  const DeleteTagOutcome outcome = run_task(store().delete_tag(request));
  ASSERT_TRUE(std::holds_alternative<PreconditionRefused>(outcome));
  EXPECT_EQ(std::get<PreconditionRefused>(outcome).current, digest("image"));
  // RFC 9110 13.2.1: where the answer would be 404 anyway, the condition is not looked at.
  request.tag = tag("v2");
  EXPECT_TRUE(std::holds_alternative<TagUnknown>(run_task(store().delete_tag(request))));
  request.tag = tag("v1");
  request.limits.tags.if_match = {digest("image")};
  EXPECT_TRUE(std::holds_alternative<TagDeleted>(run_task(store().delete_tag(request))));
}

TEST_P(MetadataStoreContract, DeletingAManifestTakesItsTagsAndSendsWhatItHeldToReview) {
  commit(blob("a", "layer"));
  ASSERT_TRUE(was_put(manifest("a", "child")));
  PutManifest index = with_reference(manifest("a", "index"), ReferenceKind::manifest, "child");
  index = with_reference(std::move(index), ReferenceKind::layer, "layer");
  ASSERT_TRUE(was_put(with_tags(index, {"v2", "v1"})));
  ASSERT_TRUE(was_put(with_subject(manifest("a", "signature"), "index", "application/sig")));
  ASSERT_TRUE(was_put(with_tags(manifest("a", "other"), {"kept"})));

  const DeleteManifestOutcome outcome = run_task(store().delete_manifest(deletion("a", "index")));
  const ManifestDeleted* deleted = std::get_if<ManifestDeleted>(&outcome);
  ASSERT_NE(deleted, nullptr);
  EXPECT_EQ(deleted->tags, (std::vector{tag("v1"), tag("v2")}));
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("index"))));
  EXPECT_FALSE(run_task(store().find_tagged_manifest(repo("a"), tag("v1"))));
  EXPECT_TRUE(run_task(store().find_tagged_manifest(repo("a"), tag("kept"))));
  const std::vector<TagChange> history = run_task(store().tag_history(repo("a"), tag("v2"), 10));
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].from, digest("index"));
  EXPECT_EQ(history[0].to, std::nullopt);
  EXPECT_EQ(history[0].who, "bob");

  EXPECT_EQ(review_of(ReviewKind::link, repo("a"), digest("layer")), at(300));
  EXPECT_EQ(review_of(ReviewKind::manifest, repo("a"), digest("child")), at(300));
  EXPECT_EQ(review_of(ReviewKind::manifest, repo("a"), digest("signature")), at(300));
  EXPECT_EQ(review_of(ReviewKind::blob, std::nullopt, digest("index")), at(300));
  EXPECT_EQ(review_of(ReviewKind::manifest, repo("a"), digest("other")), at(200)) << "it had no part in this";

  EXPECT_TRUE(std::holds_alternative<ManifestUnknown>(run_task(store().delete_manifest(deletion("a", "index")))));
  EXPECT_TRUE(std::holds_alternative<ManifestUnknown>(run_task(store().delete_manifest(deletion("b", "index")))));
}

TEST_P(MetadataStoreContract, AProtectedTagIsNeitherMovedNorDeleted) {
  const TagGuard protects = [](const Tag& tag) { return tag.text().starts_with('v'); };
  PutManifest one = with_tags(manifest("a", "one"), {"v1", "latest"});
  one.limits.protects = protects;
  ASSERT_TRUE(was_put(one)) << "new tags may be set";
  EXPECT_TRUE(was_put(one)) << "and be put where they stand";

  PutManifest two = with_tags(manifest("a", "two"), {"latest", "v1"});
  two.limits.protects = protects;
  const PutManifestOutcome moved = run_task(store().put_manifest(two));
  ASSERT_TRUE(std::holds_alternative<TagProtected>(moved));
  EXPECT_EQ(std::get<TagProtected>(moved).tag, tag("v1"));
  EXPECT_FALSE(run_task(store().find_manifest(repo("a"), digest("two")))) << "nothing of the push is there";
  EXPECT_EQ(run_task(store().find_tagged_manifest(repo("a"), tag("latest")))->digest, digest("one"));

  DeleteTag untag = tag_deletion("a", "v1");
  untag.limits.protects = protects;
  EXPECT_TRUE(std::holds_alternative<TagProtected>(run_task(store().delete_tag(untag))));
  DeleteManifest removal = deletion("a", "one");
  removal.protects = protects;
  const DeleteManifestOutcome deleted = run_task(store().delete_manifest(removal));
  ASSERT_TRUE(std::holds_alternative<TagProtected>(deleted));
  EXPECT_TRUE(run_task(store().find_tagged_manifest(repo("a"), tag("v1"))));

  DeleteTag latest = tag_deletion("a", "latest");
  latest.limits.protects = protects;
  EXPECT_TRUE(std::holds_alternative<TagDeleted>(run_task(store().delete_tag(latest))));
}

TEST_P(MetadataStoreContract, ADeletedManifestCanBePushedAgain) {
  commit(blob("a", "layer"));
  const PutManifest put = with_tags(with_reference(manifest("a", "image"), ReferenceKind::layer, "layer"), {"v1"});
  for (int i = 0; i < 3; ++i) {
    const PutManifestOutcome outcome = run_task(store().put_manifest(put));
    ASSERT_TRUE(std::holds_alternative<ManifestPut>(outcome));
    EXPECT_TRUE(std::get<ManifestPut>(outcome).was_new);
    EXPECT_TRUE(std::holds_alternative<ManifestDeleted>(run_task(store().delete_manifest(deletion("a", "image")))));
  }
}

TEST_P(MetadataStoreContract, ANewManifestWaitsToBeCopiedBesideTheBlobs) {
  EXPECT_TRUE(run_task(store().pending_manifest_copies(10)).empty());
  ASSERT_TRUE(was_put(manifest("a", "one")));
  ASSERT_TRUE(was_put(manifest("a", "two")));
  ASSERT_TRUE(was_put(manifest("a", "one")));
  std::vector<ManifestCopy> copies = run_task(store().pending_manifest_copies(10));
  ASSERT_EQ(copies.size(), 2U);
  EXPECT_EQ(copies[0].digest, digest("one"));
  EXPECT_EQ(copies[0].bytes.view(), "one");
  EXPECT_EQ(copies[1].digest, digest("two"));
  EXPECT_EQ(run_task(store().pending_manifest_copies(1)).size(), 1U);

  run_task(store().finish_manifest_copy(copies[0].queue_id, copies[0].digest, 3, at(5)));
  EXPECT_EQ(run_task(store().blob_state(digest("one"))), BlobState::present);
  EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest("one")))) << "a copy is no link";
  copies = run_task(store().pending_manifest_copies(10));
  ASSERT_EQ(copies.size(), 1U);
  EXPECT_EQ(copies[0].digest, digest("two"));

  // In another repository the bytes are there already.
  ASSERT_TRUE(was_put(manifest("b", "one")));
  EXPECT_EQ(run_task(store().pending_manifest_copies(10)).size(), 1U);
  // Unless a read found them gone.
  run_task(store().mark_blob_missing(digest("one")));
  ASSERT_TRUE(was_put(manifest("c", "one")));
  EXPECT_EQ(run_task(store().pending_manifest_copies(10)).size(), 2U);
}

TEST_P(MetadataStoreContract, ADeletedManifestLeavesTheCopyQueue) {
  ASSERT_TRUE(was_put(manifest("a", "one")));
  const ManifestCopy copy = run_task(store().pending_manifest_copies(1)).at(0);
  run_task(store().delete_manifest(deletion("a", "one")));
  EXPECT_TRUE(run_task(store().pending_manifest_copies(10)).empty());

  // A late end of that copy: the blob lies there and nobody else would look at it; another's row stays.
  ASSERT_TRUE(was_put(manifest("a", "two")));
  run_task(store().finish_manifest_copy(copy.queue_id, copy.digest, 3, at(5'000)));
  EXPECT_EQ(review_of(ReviewKind::blob, std::nullopt, digest("one")), at(5'000));
  EXPECT_EQ(run_task(store().pending_manifest_copies(10)).size(), 1U);
}

}  // namespace berth
