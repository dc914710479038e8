#include "lifecycle/collector.h"

#include <gtest/gtest.h>

#include <set>

#include "metadata/memory/memory_metadata_store.h"
#include "registry/promise_book.h"
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

class CollectorTest : public testing::Test {
 protected:
  void commit(const std::string& content, std::chrono::seconds promise = 100s) {
    run_task(storage_.blobs().put(digest(content), SharedBytes(content)));
    run_task(metadata_.commit_blob({.repository = repo("a"),
                                    .digest = digest(content),
                                    .size_bytes = content.size(),
                                    .upload = std::nullopt,
                                    .now = clock_.now(),
                                    .promised_until = clock_.now() + promise,
                                    .review_due = clock_.now() + 200s}));
  }

  void put(const std::string& content, const std::string& layer, std::vector<Tag> tags = {}) {
    run_task(metadata_.put_manifest({.repository = repo("a"),
                                     .digest = digest(content),
                                     .media_type = "application/vnd.oci.image.manifest.v1+json",
                                     .artifact_type = "",
                                     .subject = std::nullopt,
                                     .annotations = {},
                                     .bytes = SharedBytes(content),
                                     .references = {{ReferenceKind::layer, digest(layer), layer.size()}},
                                     .tags = std::move(tags),
                                     .limits = {},
                                     .who = "alice",
                                     .now = clock_.now(),
                                     .promised_until = clock_.now() + 100s,
                                     .review_due = clock_.now() + 200s}));
  }

  CollectionReport run(CollectionRequest request = {}) { return run_task(collector_.run(std::move(request))); }
  bool has_bytes(const std::string& content) { return run_task(storage_.blobs().find(digest(content))).has_value(); }
  static CollectionRequest everything() { return {.scope = CollectionScope::everything}; }

  ManualClock clock_;
  MemoryStorage storage_{clock_};

  FaultyBlobStore blobs_{storage_.blobs(), 1};
  MemoryMetadataStore metadata_;
  KeyLock digest_locks_;
  const std::unique_ptr<Log> log_ = make_log({.level = LogLevel::error});
  const Collector::Stores stores_{.blobs = blobs_, .metadata = metadata_, .collection = metadata_, .trash = metadata_};
  Collector collector_{stores_, digest_locks_, clock_, *log_, {.promise = 100s, .batch_size = 4}};
};

}  // namespace

TEST_F(CollectorTest, RemovesWhatIsDueAndNothingUses) {
  commit("layer");
  commit("kept");
  put("image", "kept", {Tag::parse("v1").value()});
  clock_.advance(199s);
  EXPECT_EQ(run().looked_at, 0U) << "the grace is not over";
  clock_.advance(1s);
  const CollectionReport report = run();
  EXPECT_EQ(report.blobs, 1U);
  EXPECT_EQ(report.links, 1U);
  EXPECT_EQ(report.bytes, 5U);
  EXPECT_FALSE(has_bytes("layer"));
  EXPECT_TRUE(has_bytes("kept"));
  EXPECT_EQ(run_task(metadata_.blob_state(digest("layer"))), std::nullopt);
  EXPECT_EQ(run().looked_at, 0U);
}

TEST_F(CollectorTest, ByHandGraceIsIgnoredAndPromisesAreNot) {
  commit("layer");
  commit("promised", 1000s);
  clock_.advance(100s);
  const CollectionReport report = run(everything());
  EXPECT_EQ(report.blobs, 1U);
  EXPECT_EQ(report.waiting, 1U);
  EXPECT_EQ(report.waiting_bytes, 8U);
  EXPECT_FALSE(has_bytes("layer"));
  EXPECT_TRUE(has_bytes("promised"));
}

TEST_F(CollectorTest, GoesToAFixedPoint) {
  commit("layer");
  put("image", "layer");
  clock_.advance(200s);
  EXPECT_EQ(run(everything()).manifests, 0U) << "untagged manifests stay";
  CollectionRequest request = everything();
  request.keep_untagged = 0s;
  request.walks_untagged = true;
  request.is_dry_run = true;
  const CollectionReport foreseen = run(request);
  EXPECT_TRUE(has_bytes("layer"));
  request.is_dry_run = false;
  const CollectionReport report = run(request);
  EXPECT_EQ(report.manifests, 1U);
  EXPECT_EQ(report.blobs, 1U);
  EXPECT_EQ(foreseen.blobs, report.blobs);
  EXPECT_EQ(foreseen.bytes, report.bytes);
  EXPECT_EQ(foreseen.manifests, report.manifests);
  EXPECT_FALSE(has_bytes("layer"));
}

TEST_F(CollectorTest, ABlobThatIsPushedAgainMeanwhileStays) {
  commit("layer");
  clock_.advance(200s);
  // The push holds the lock while the blob is marked, and commits before it lets go.
  std::optional<KeyLock::Guard> guard = digest_locks_.try_acquire(digest("layer").to_string());
  boost::asio::io_context loop;
  std::optional<CollectionReport> report;
  boost::asio::co_spawn(loop, collector_.run({}), [&report](std::exception_ptr error, CollectionReport done) {
    EXPECT_FALSE(error);
    report = done;
  });
  while (run_task(metadata_.blob_state(digest("layer"))) != BlobState::deleting) loop.run_one();
  commit("layer");
  guard.reset();
  loop.run();
  EXPECT_EQ(report.value().failed_removals, 0U);
  EXPECT_TRUE(has_bytes("layer"));
  EXPECT_TRUE(run_task(metadata_.find_blob(repo("a"), digest("layer"))));
}

TEST_F(CollectorTest, AFileThatCannotBeRemovedIsTriedAgain) {
  commit("layer");
  clock_.advance(200s);
  blobs_.faults().fail_next(StorageCall::delete_blob);
  const CollectionReport report = run();
  EXPECT_EQ(report.failed_removals, 1U);
  EXPECT_TRUE(has_bytes("layer"));
  EXPECT_EQ(run_task(metadata_.blob_state(digest("layer"))), BlobState::deleting);
  EXPECT_EQ(run({.is_dry_run = true}).blobs, 1U);
  EXPECT_EQ(run().blobs, 1U);
  EXPECT_FALSE(has_bytes("layer"));
  EXPECT_EQ(run_task(metadata_.blob_state(digest("layer"))), std::nullopt);
}

TEST_F(CollectorTest, NothingIsRemovedWhileTheClockCannotBeTrusted) {
  commit("layer", 1000s);
  clock_.step_wall(2h);
  CollectionReport report = run(everything());
  EXPECT_TRUE(report.was_paused);
  EXPECT_TRUE(has_bytes("layer"));
  clock_.advance(99s);
  EXPECT_TRUE(run(everything()).was_paused);
  clock_.advance(1s);
  report = run(everything());
  EXPECT_FALSE(report.was_paused);
  EXPECT_EQ(report.blobs, 1U);
}

TEST_F(CollectorTest, NothingIsRemovedWhileAPromiseCouldNotBeWritten) {
  commit("layer");
  clock_.advance(200s);
  int asked = 0;
  // Said inside the transaction, after the collector had looked and found that it may.
  Collector collector{
      stores_, digest_locks_, clock_, *log_, {.promise = 100s, .may_remove = [&asked] { return ++asked == 1; }}};
  const CollectionReport report = run_task(collector.run({}));
  EXPECT_TRUE(report.was_paused);
  EXPECT_EQ(report.blobs + report.links, 0U);
  EXPECT_TRUE(run_task(metadata_.find_blob(repo("a"), digest("layer"))));
  EXPECT_EQ(run().blobs, 1U);
}

TEST_F(CollectorTest, SmallCorrectionsOfTheClockAreNoReasonToPause) {
  commit("layer");
  clock_.step_wall(30s);
  clock_.advance(200s);
  EXPECT_FALSE(run().was_paused);
}

TEST_F(CollectorTest, StopsBetweenBatchesWhenAsked) {
  for (int i = 0; i < 20; ++i) commit("layer" + std::to_string(i));
  clock_.advance(200s);
  CollectionRequest request;
  int asked = 0;
  request.should_stop = [&asked] { return ++asked > 4; };
  const CollectionReport report = run(request);
  EXPECT_TRUE(report.was_stopped);
  EXPECT_LT(report.blobs, 20U);
  const std::size_t rest = run().blobs;
  EXPECT_EQ(report.blobs + rest, 20U);
}

TEST_F(CollectorTest, TellsEachOutcome) {
  commit("layer");
  clock_.advance(200s);
  std::multiset<Verdict> verdicts;
  CollectionRequest request = everything();
  request.on_outcome = [&verdicts](const ReviewOutcome& outcome) { verdicts.insert(outcome.verdict); };
  run(request);
  EXPECT_EQ(verdicts, (std::multiset{Verdict::removed, Verdict::removed}));
}

}  // namespace berth
