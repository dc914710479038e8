#include "lifecycle/manifest_copier.h"

#include <gtest/gtest.h>

#include "metadata/memory/memory_metadata_store.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

TEST(ManifestCopier, PutsQueuedManifestsBesideTheBlobs) {
  ManualClock clock;
  MemoryStorage storage(clock);
  MemoryMetadataStore metadata;
  KeyLock digest_locks;
  const std::string bytes = R"({"schemaVersion":2})";
  const Digest digest = digest_of(HashAlgorithm::sha512, bytes);
  run_task(metadata.put_manifest({.repository = RepositoryName::parse("app").value(),
                                  .digest = digest,
                                  .media_type = std::string(media_type::kOciIndex),
                                  .artifact_type = "",
                                  .subject = std::nullopt,
                                  .annotations = {},
                                  .bytes = SharedBytes(bytes),
                                  .references = {},
                                  .tags = {},
                                  .limits = {},
                                  .who = "",
                                  .now = clock.now(),
                                  .promised_until = clock.now(),
                                  .review_due = clock.now()}));

  ManifestCopier copier(storage.blobs(), metadata, digest_locks, clock);
  EXPECT_EQ(run_task(copier.run()), 1U);
  const auto blob = run_task(storage.blobs().open(digest));
  ASSERT_TRUE(blob);
  EXPECT_EQ(blob->memory()->view(), bytes);
  EXPECT_EQ(run_task(metadata.blob_state(digest)), BlobState::present);
  EXPECT_EQ(run_task(copier.run()), 0U);
}

}  // namespace
}  // namespace berth
