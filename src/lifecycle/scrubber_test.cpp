#include "lifecycle/scrubber.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "metadata/memory/memory_metadata_store.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/faulty_blob_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

Digest digest(std::string_view content) {
  return digest_of(HashAlgorithm::sha256, content);
}
RepositoryName repo(std::string_view text) {
  return RepositoryName::parse(text).value();
}

class ScrubberTest : public testing::Test {
 protected:
  void place(const std::string& content, const std::string& bytes) {
    run_task(storage_.blobs().put(digest(content), SharedBytes(bytes)));
  }
  void commit(const std::string& content) {
    place(content, content);
    run_task(metadata_.commit_blob({.repository = repo("app"),
                                    .digest = digest(content),
                                    .size_bytes = content.size(),
                                    .upload = std::nullopt,
                                    .now = clock_.now(),
                                    .promised_until = clock_.now() + 100s,
                                    .review_due = clock_.now() + 200s}));
  }
  void put(const std::string& content, const std::string& layer) {
    run_task(metadata_.put_manifest({.repository = repo("app"),
                                     .digest = digest(content),
                                     .media_type = "application/vnd.oci.image.manifest.v1+json",
                                     .artifact_type = "",
                                     .subject = std::nullopt,
                                     .annotations = {},
                                     .bytes = SharedBytes(content),
                                     .references = {{ReferenceKind::layer, digest(layer), layer.size()}},
                                     .tags = {Tag::parse("v1").value()},
                                     .limits = {},
                                     .who = "alice",
                                     .now = clock_.now(),
                                     .promised_until = clock_.now() + 100s,
                                     .review_due = clock_.now() + 200s}));
  }
  void copy_manifest(const std::string& content) {
    place(content, content);
    run_task(metadata_.finish_manifest_copy(1, digest(content), content.size(), clock_.now()));
  }

  ScrubReport check(ScrubRequest request = {}) {
    findings_.clear();
    request.on_finding = [this](const Finding& finding) { findings_.push_back(finding); };
    return run_task(scrubber_->run(std::move(request)));
  }
  ScrubReport repair() { return check({.is_repair = true}); }
  const Finding& only_finding() {
    EXPECT_EQ(findings_.size(), 1U);
    static const Finding nothing{.kind = FindingKind::unknown_file};
    return findings_.empty() ? nothing : findings_.front();
  }
  std::optional<BlobState> state(const std::string& content) { return run_task(metadata_.blob_state(digest(content))); }
  bool has_bytes(const std::string& content) { return run_task(storage_.blobs().find(digest(content))).has_value(); }
  WallTime verified(const std::string& content) {
    return run_task(metadata_.find_blob_record(digest(content))).value().verified;
  }
  Scrubber make_scrubber(ScrubberOptions options) {
    // Small, so that a test crosses every border.
    options.grace = 100s;
    options.page_size = 2;
    options.piece_bytes = 4;
    options.digest_lock_wait = 1ms;
    return {{.blobs = blobs_,
             .files = storage_.files(),
             .metadata = metadata_,
             .scrub = metadata_,
             .digest_locks = digest_locks_,
             .disk = disk_,
             .clock = clock_,
             .log = *log_},
            options};
  }

  ManualClock clock_;
  MemoryStorage storage_{clock_};
  FaultyBlobStore blobs_{storage_.blobs(), 1};
  MemoryMetadataStore metadata_;
  KeyLock digest_locks_;
  BlockingPool disk_{"disk", 1, 64};
  const std::unique_ptr<Log> log_ = make_log({.level = LogLevel::error});
  std::optional<Scrubber> scrubber_ = make_scrubber({});
  std::vector<Finding> findings_;
};

}  // namespace

TEST_F(ScrubberTest, FindsNothingWhereAllIsWellAndRecordsIt) {
  for (const std::string content : {"one", "two is longer", "", "four"}) commit(content);
  clock_.advance(10s);
  const ScrubReport report = check();
  EXPECT_EQ(report.standing + report.mended, 0U);
  EXPECT_EQ(report.blobs, 4U);
  EXPECT_EQ(report.blobs_total, 4U);
  EXPECT_EQ(report.bytes, 20U);
  EXPECT_EQ(report.bytes_total, 20U);
  EXPECT_EQ(report.files, 4U);
  EXPECT_EQ(verified("two is longer"), clock_.now());
}

TEST_F(ScrubberTest, MovesDamagedBytesAsideAndNamesTheImages) {
  commit("a layer of many bytes");
  put("image", "a layer of many bytes");
  copy_manifest("image");
  place("a layer of many bytes", "a layer of many bYtes");
  EXPECT_EQ(check().standing, 1U);
  const Finding& finding = only_finding();
  EXPECT_EQ(finding.kind, FindingKind::damaged);
  EXPECT_EQ(finding.digest, digest("a layer of many bytes"));
  ASSERT_EQ(finding.images.entries.size(), 1U);
  EXPECT_EQ(finding.images.entries[0].tags, std::vector<Tag>{Tag::parse("v1").value()});
  EXPECT_EQ(state("a layer of many bytes"), BlobState::missing);
  EXPECT_FALSE(has_bytes("a layer of many bytes"));
  EXPECT_EQ(storage_.volume().quarantine.at(finding.path).view(), "a layer of many bYtes");

  EXPECT_EQ(check().standing, 1U) << "as long as nobody pushes it";
  EXPECT_EQ(only_finding().kind, FindingKind::missing);
  commit("a layer of many bytes");
  EXPECT_EQ(check().standing, 0U);
}

TEST_F(ScrubberTest, SizesAreEnoughForSomeDamage) {
  commit("short");
  commit("long");
  commit("flipped");
  place("short", "shor");
  place("long", "longer");
  place("flipped", "fl1pped");
  const WallTime pushed = clock_.now();
  clock_.advance(10s);
  EXPECT_EQ(check({.depth = ScrubDepth::sizes}).standing, 2U);
  EXPECT_EQ(state("short"), BlobState::missing);
  EXPECT_EQ(state("long"), BlobState::missing);
  EXPECT_EQ(state("flipped"), BlobState::present);
  EXPECT_EQ(verified("flipped"), pushed) << "sizes verify nothing";
  EXPECT_EQ(check().standing, 3U);
  EXPECT_EQ(state("flipped"), BlobState::missing);
}

TEST_F(ScrubberTest, ABlobWithoutAFileIsMarkedMissing) {
  commit("layer");
  run_task(storage_.blobs().delete_without_reference_check(digest("layer")));
  EXPECT_EQ(check({.depth = ScrubDepth::sizes}).standing, 1U);
  EXPECT_EQ(only_finding().kind, FindingKind::missing);
  EXPECT_EQ(state("layer"), BlobState::missing);
}

TEST_F(ScrubberTest, MarksNothingWhenTheVolumeIsNotWell) {
  commit("layer");
  run_task(storage_.blobs().delete_without_reference_check(digest("layer")));
  blobs_.faults().fail_next(StorageCall::check_health);
  EXPECT_THROW(check(), Failure);
  EXPECT_EQ(state("layer"), BlobState::present);
}

TEST_F(ScrubberTest, WhatAPushHealsMeanwhileIsNoFinding) {
  commit("layer");
  // The first look fails, the second one, under the lock, finds whole bytes.
  blobs_.faults().shorten_next_read();
  EXPECT_EQ(check().standing, 0U);
  EXPECT_EQ(state("layer"), BlobState::present);
}

TEST_F(ScrubberTest, ADiskThatDoesNotReadChangesNothing) {
  commit("layer");
  blobs_.faults().fail_next(StorageCall::open_blob, FailureKind::storage, FaultMoment::before, 2);
  EXPECT_EQ(check().standing, 1U);
  EXPECT_EQ(only_finding().kind, FindingKind::unreadable);
  EXPECT_EQ(state("layer"), BlobState::present);
  EXPECT_TRUE(has_bytes("layer"));
}

TEST_F(ScrubberTest, ABlobInUseIsSkipped) {
  commit("layer");
  place("layer", "lAyer");
  const std::optional<KeyLock::Guard> pushing = digest_locks_.try_acquire(digest("layer").to_string());
  const ScrubReport report = check();
  EXPECT_EQ(report.skipped, 1U);
  EXPECT_EQ(report.standing, 0U);
  EXPECT_EQ(state("layer"), BlobState::present);
}

TEST_F(ScrubberTest, ABlobThatIsBeingRemovedIsTheCollectors) {
  commit("layer");
  // First the link, then the blob that this sets free.
  const CollectionRules rules{.now = clock_.now() + 1000s, .keep_untagged = std::nullopt};
  for (int round = 0; round < 2; ++round) {
    std::vector<Candidate> due = run_task(metadata_.due_candidates(rules.now, 10));
    run_task(metadata_.settle(std::move(due), rules));
  }
  ASSERT_EQ(state("layer"), BlobState::deleting);
  place("layer", "broken");
  EXPECT_EQ(check().standing, 0U);
  EXPECT_TRUE(has_bytes("layer"));
}

TEST_F(ScrubberTest, AnOrphanGoesAGraceAfterItWasFoundAndOnlyWithRepair) {
  place("orphan", "orphan");
  EXPECT_EQ(repair().standing, 1U);
  EXPECT_EQ(only_finding().kind, FindingKind::orphan);
  EXPECT_EQ(only_finding().size_bytes, 6U);
  EXPECT_TRUE(has_bytes("orphan"));
  clock_.advance(99s);
  EXPECT_EQ(repair().standing, 1U);
  clock_.advance(1s);
  EXPECT_EQ(check().standing, 1U);
  EXPECT_TRUE(has_bytes("orphan"));
  const ScrubReport report = repair();
  EXPECT_EQ(report.standing, 0U);
  EXPECT_EQ(report.mended, 1U);
  EXPECT_FALSE(has_bytes("orphan"));
}

TEST_F(ScrubberTest, AnOrphanThatBecameKnownStays) {
  place("orphan", "orphan");
  check();
  commit("orphan");
  clock_.advance(200s);
  EXPECT_EQ(repair().mended, 0U);
  EXPECT_TRUE(has_bytes("orphan"));
  EXPECT_EQ(run_task(metadata_.note_orphans({digest("orphan")}, clock_.now())).at(0), clock_.now())
      << "if it ever is one again its grace begins anew";
}

TEST_F(ScrubberTest, WhatAnUploadExpectsIsNoOrphan) {
  place("half a push", "half a push");
  run_task(metadata_.create_upload({.id = UploadId::parse("u1").value(),
                                    .repository = repo("app"),
                                    .owner = "first",
                                    .generation = 1,
                                    .started = clock_.now(),
                                    .last_active = clock_.now(),
                                    .progress = {},
                                    .expected = digest("half a push")}));
  EXPECT_EQ(check().standing, 0U);
  clock_.advance(1000s);
  EXPECT_EQ(repair().mended, 0U);
  EXPECT_TRUE(has_bytes("half a push"));
}

TEST_F(ScrubberTest, AnOrphanThatIsBeingPushedIsLeftAlone) {
  place("pushing", "pushing");
  const std::optional<KeyLock::Guard> pushing = digest_locks_.try_acquire(digest("pushing").to_string());
  EXPECT_EQ(check().standing, 0U);
}

TEST_F(ScrubberTest, RepairWritesTheCopyOfAManifestAnew) {
  commit("layer");
  put("image", "layer");
  copy_manifest("image");
  place("image", "imAge");
  const ScrubReport report = repair();
  EXPECT_EQ(report.mended, 1U);
  EXPECT_EQ(report.standing, 0U);
  EXPECT_EQ(state("image"), BlobState::present);
  EXPECT_EQ(check().standing, 0U);
  EXPECT_EQ(storage_.volume().quarantine.size(), 1U);
}

TEST_F(ScrubberTest, RepairServesAgainWhatIsWholeAfterAll) {
  commit("layer");
  run_task(metadata_.mark_blob_missing(digest("layer")));
  EXPECT_EQ(check({.depth = ScrubDepth::sizes, .is_repair = true}).standing, 1U) << "its size alone proves nothing";
  EXPECT_EQ(check().standing, 1U);
  EXPECT_EQ(state("layer"), BlobState::missing);
  EXPECT_EQ(repair().mended, 1U);
  EXPECT_EQ(state("layer"), BlobState::present);
  EXPECT_EQ(check().standing, 0U);
}

TEST_F(ScrubberTest, AReadOnlyRegistryIsOnlyReportedOn) {
  commit("layer");
  place("layer", "lAyer");
  place("orphan", "orphan");
  const ReadOnlyMode mode(true);
  scrubber_.emplace(make_scrubber({.read_only = &mode}));
  EXPECT_EQ(repair().standing, 2U);
  EXPECT_EQ(state("layer"), BlobState::present);
  EXPECT_TRUE(has_bytes("layer"));
  clock_.advance(1000s);
  EXPECT_EQ(repair().standing, 2U);
  EXPECT_TRUE(has_bytes("orphan"));
}

TEST_F(ScrubberTest, TheBackgroundTakesTheLongestUnverifiedFirst) {
  commit("old");
  clock_.advance(50s);
  commit("young");
  place("young", "yOung");
  ScrubReport report = check({.verified_before = clock_.now(), .walks_files = false});
  EXPECT_EQ(report.blobs, 1U);
  EXPECT_EQ(report.files, 0U);
  EXPECT_EQ(report.standing, 0U);
  EXPECT_EQ(verified("old"), clock_.now());
  clock_.advance(1s);
  report = check({.verified_before = clock_.now(), .walks_files = false});
  EXPECT_EQ(report.blobs, 2U);
  EXPECT_EQ(report.standing, 1U);
  EXPECT_EQ(check({.verified_before = clock_.now(), .walks_files = false}).blobs, 0U);
}

TEST_F(ScrubberTest, StopsBetweenTwoPieces) {
  for (int i = 0; i < 10; ++i) commit("a blob of some bytes, number " + std::to_string(i));
  int pieces = 0;
  const ScrubReport report = check(
      {.on_progress = [&pieces](const ScrubReport&) { ++pieces; }, .should_stop = [&pieces] { return pieces > 12; }});
  EXPECT_TRUE(report.was_stopped);
  EXPECT_LT(report.blobs, 3U);
}

}  // namespace berth
