// The racing pairs of data.md 3 and 9 that a single store decides: whatever the order, what comes out must be one of
// the two serial histories.
#include "metadata/metadata_store_contract.h"

namespace berth {
namespace {

constexpr int kRounds = 40;

std::string round_name(const char* what, int round) {
  return std::string(what) + std::to_string(round);
}

Task<DeleteBlobOutcome> unlink(MetadataStore& store, std::string_view repository, const Digest& digest) {
  return store.delete_blob(repo(repository), digest, at(1), at(2));
}

}  // namespace

TEST_P(MetadataStoreContract, RaceManifestPutAgainstBlobDelete) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string layer = round_name("layer", round);
    const std::string image = round_name("image", round);
    commit(blob("a", layer));
    const auto [put, deleted] =
        race(store().put_manifest(with_reference(manifest("a", image), ReferenceKind::layer, layer)),
             unlink(store(), "a", digest(layer)));
    const bool was_stored = std::holds_alternative<ManifestPut>(put);
    const bool was_in_use = std::holds_alternative<BlobInUse>(deleted);
    EXPECT_EQ(was_stored, was_in_use) << "a manifest without its layer, or both refused";
    EXPECT_EQ(run_task(store().find_blob(repo("a"), digest(layer))).has_value(), was_stored);
  }
}

TEST_P(MetadataStoreContract, RaceMountAgainstDeleteAtTheSource) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string layer = round_name("layer", round);
    commit(blob("from", layer));
    const MountBlob mount{repo("to"), digest(layer), repo("from"), at(1), at(2), at(3)};
    const auto [mounted, deleted] = race(store().mount_blob(mount), unlink(store(), "from", digest(layer)));
    EXPECT_EQ(std::get<BlobUnlinked>(deleted), BlobUnlinked::yes);
    EXPECT_EQ(run_task(store().find_blob(repo("to"), digest(layer))).has_value(), mounted.link.has_value());
    EXPECT_TRUE(review_of(ReviewKind::blob, std::nullopt, digest(layer)));
  }
}

TEST_P(MetadataStoreContract, RacePromiseAgainstDelete) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string layer = round_name("layer", round);
    commit(blob("a", layer));
    const auto [renewed, deleted] =
        race(store().renew_blob_promise(repo("a"), digest(layer), at(999)), unlink(store(), "a", digest(layer)));
    EXPECT_EQ(std::get<BlobUnlinked>(deleted), BlobUnlinked::yes);
    // Renewed first or not at all; the link must not come back by it.
    EXPECT_FALSE(run_task(store().find_blob(repo("a"), digest(layer)))) << renewed;
  }
}

TEST_P(MetadataStoreContract, RaceIndexPutAgainstDeleteOfItsChild) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string child = round_name("child", round);
    const std::string index = round_name("index", round);
    ASSERT_TRUE(was_put(manifest("a", child)));
    const auto [put, deleted] =
        race(store().put_manifest(with_reference(manifest("a", index), ReferenceKind::manifest, child)),
             store().delete_manifest(deletion("a", child)));
    EXPECT_TRUE(std::holds_alternative<ManifestDeleted>(deleted));
    EXPECT_EQ(run_task(store().find_manifest(repo("a"), digest(index))).has_value(),
              std::holds_alternative<ManifestPut>(put));
  }
}

TEST_P(MetadataStoreContract, RaceReferrerPutAgainstDeleteOfItsSubject) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string subject = round_name("subject", round);
    const std::string referrer = round_name("referrer", round);
    ASSERT_TRUE(was_put(manifest("a", subject)));
    const auto [put, deleted] =
        race(store().put_manifest(with_subject(manifest("a", referrer), subject, "application/sig")),
             store().delete_manifest(deletion("a", subject)));
    EXPECT_TRUE(std::holds_alternative<ManifestPut>(put));
    EXPECT_TRUE(std::holds_alternative<ManifestDeleted>(deleted));
    // In either order the collector gets to see the referrer.
    EXPECT_TRUE(review_of(ReviewKind::manifest, repo("a"), digest(referrer)));
    EXPECT_EQ(
        run_task(store().list_referrers(repo("a"), digest(subject), std::nullopt, std::nullopt, 10)).entries.size(),
        1U);
  }
}

TEST_P(MetadataStoreContract, RaceTwoCreatorsOfATag) {
  for (int round = 0; round < kRounds; ++round) {
    PutManifest one = with_tags(manifest("a", round_name("one", round)), {round_name("v", round)});
    PutManifest two = with_tags(manifest("a", round_name("two", round)), {round_name("v", round)});
    one.limits.tags.if_none_match_any = true;
    two.limits.tags.if_none_match_any = true;
    const auto [first, second] = race(store().put_manifest(one), store().put_manifest(two));
    const bool first_won = std::holds_alternative<ManifestPut>(first);
    EXPECT_NE(first_won, std::holds_alternative<ManifestPut>(second));
    const auto& lost = std::get<PreconditionRefused>(first_won ? second : first);
    EXPECT_EQ(lost.current, (first_won ? one : two).digest) << "the loser hears who won";
    EXPECT_EQ(run_task(store().tag_history(repo("a"), tag(round_name("v", round)), 10)).size(), 1U);
  }
}

TEST_P(MetadataStoreContract, RaceTwoMoversOfATag) {
  ASSERT_TRUE(was_put(with_tags(manifest("a", "start"), {"v"})));
  Digest current = digest("start");
  for (int round = 0; round < kRounds; ++round) {
    PutManifest one = with_tags(manifest("a", round_name("one", round)), {"v"});
    PutManifest two = with_tags(manifest("a", round_name("two", round)), {"v"});
    one.limits.tags.if_match = {current};
    two.limits.tags.if_match = {current};
    const auto [first, second] = race(store().put_manifest(one), store().put_manifest(two));
    const bool first_won = std::holds_alternative<ManifestPut>(first);
    ASSERT_NE(first_won, std::holds_alternative<ManifestPut>(second));
    current = (first_won ? one : two).digest;
    EXPECT_EQ(run_task(store().find_tagged_manifest(repo("a"), tag("v")))->digest, current);
  }
  const std::vector<TagChange> history = run_task(store().tag_history(repo("a"), tag("v"), 1'000));
  ASSERT_EQ(history.size(), kRounds + 1U);
  for (std::size_t i = 0; i + 1 < history.size(); ++i)
    EXPECT_EQ(history[i].from, history[i + 1].to) << "a gap at " << i;
}

TEST_P(MetadataStoreContract, RaceTagMoveAgainstDeleteOfTheManifest) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = round_name("v", round);
    const std::string old_image = round_name("old", round);
    const std::string new_image = round_name("new", round);
    ASSERT_TRUE(was_put(with_tags(manifest("a", old_image), {name})));
    const auto [put, deleted] = race(store().put_manifest(with_tags(manifest("a", new_image), {name})),
                                     store().delete_manifest(deletion("a", old_image)));
    EXPECT_TRUE(std::holds_alternative<ManifestPut>(put));
    ASSERT_TRUE(std::holds_alternative<ManifestDeleted>(deleted));
    // The delete takes the tag only while it still names the old one.
    EXPECT_EQ(run_task(store().find_tagged_manifest(repo("a"), tag(name)))->digest, digest(new_image));
  }
}

TEST_P(MetadataStoreContract, RaceTheSameManifestTwice) {
  for (int round = 0; round < kRounds; ++round) {
    const PutManifest put = with_tags(manifest("a", round_name("image", round)), {"latest"});
    const auto [first, second] = race(store().put_manifest(put), store().put_manifest(put));
    EXPECT_NE(std::get<ManifestPut>(first).was_new, std::get<ManifestPut>(second).was_new);
  }
  EXPECT_EQ(run_task(store().tag_history(repo("a"), tag("latest"), 1'000)).size(), static_cast<std::size_t>(kRounds));
  EXPECT_EQ(run_task(store().pending_manifest_copies(1'000)).size(), static_cast<std::size_t>(kRounds));
}

TEST_P(MetadataStoreContract, RaceCopyEndAgainstManifestDelete) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string image = round_name("image", round);
    ASSERT_TRUE(was_put(manifest("a", image)));
    const ManifestCopy copy = run_task(store().pending_manifest_copies(1)).at(0);
    ASSERT_EQ(copy.digest, digest(image));
    std::thread finisher(
        [&] { run_task(store().finish_manifest_copy(copy.queue_id, copy.digest, image.size(), at(1))); });
    EXPECT_TRUE(std::holds_alternative<ManifestDeleted>(run_task(store().delete_manifest(deletion("a", image)))));
    finisher.join();
    EXPECT_TRUE(run_task(store().pending_manifest_copies(10)).empty());
    EXPECT_TRUE(review_of(ReviewKind::blob, std::nullopt, digest(image))) << "the copy must not be forgotten";
  }
}

TEST_P(MetadataStoreContract, RaceTwoClaimsOfAnUpload) {
  for (int round = 0; round < kRounds; ++round) {
    const UploadId id = upload_id(round_name("u", round));
    run_task(store().create_upload(upload(id.text(), "a")));
    const auto [first, second] =
        race(store().claim_upload(id, "second", at(1)), store().claim_upload(id, "third", at(1)));
    ASSERT_TRUE(first && second);
    EXPECT_NE(first->generation, second->generation);
    const UploadRecord& winner = first->generation > second->generation ? *first : *second;
    const UploadRecord& loser = first->generation > second->generation ? *second : *first;
    EXPECT_FALSE(run_task(store().record_upload_progress(id, loser.generation, {1, HashAlgorithm::sha256, ""}, at(2))));
    EXPECT_TRUE(run_task(store().record_upload_progress(id, winner.generation, {2, HashAlgorithm::sha256, ""}, at(2))));
  }
}

TEST_P(MetadataStoreContract, RaceBlobCommitAgainstARowFoundMissing) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string layer = round_name("layer", round);
    commit(blob("a", layer));
    std::thread marker([&] { run_task(store().mark_blob_missing(digest(layer))); });
    commit(blob("b", layer));
    marker.join();
    // Either order is right; a further push always heals.
    commit(blob("c", layer));
    EXPECT_EQ(run_task(store().blob_state(digest(layer))), BlobState::present);
    EXPECT_TRUE(run_task(store().find_blob(repo("a"), digest(layer))));
  }
}

TEST_P(MetadataStoreContract, RaceFirstWritesToARepository) {
  for (int round = 0; round < kRounds; ++round) {
    const std::string name = round_name("new", round);
    std::thread other([&] { commit(blob(name, "layer")); });
    ASSERT_TRUE(was_put(manifest(name, "image")));
    other.join();
    EXPECT_TRUE(run_task(store().find_blob(repo(name), digest("layer"))));
    EXPECT_TRUE(run_task(store().find_manifest(repo(name), digest("image"))));
  }
  EXPECT_EQ(run_task(store().list_repositories(std::nullopt, 1'000)).entries.size(), static_cast<std::size_t>(kRounds));
}

}  // namespace berth
