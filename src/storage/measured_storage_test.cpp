#include "storage/measured_storage.h"

#include <gtest/gtest.h>

#include "storage/memory/memory_storage.h"
#include "tests/support/manual_clock.h"
#include "tests/support/run_task.h"

namespace berth {
namespace {

TEST(MeasuredStorage, CountsEachActionUnderDistributionsNames) {
  ManualClock clock;
  Metrics metrics;
  MemoryStorage storage(clock);
  StorageActions actions(metrics, "memory");
  MeasuredBlobStore blobs(storage.blobs(), actions, clock);
  MeasuredBlobUploads uploads(storage.uploads(), actions, clock);

  const std::string bytes = "content";
  const Digest digest = digest_of(HashAlgorithm::sha256, bytes);
  const auto upload = run_task(uploads.open(UploadId::parse("u").value(), {}));
  run_task(upload->append(std::as_bytes(std::span(bytes))));
  ASSERT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest);
  run_task(upload->publish(digest));
  EXPECT_TRUE(run_task(blobs.find(digest)));
  EXPECT_TRUE(run_task(blobs.open(digest)));
  EXPECT_TRUE(run_task(blobs.delete_without_reference_check(digest)));

  const std::string text = metrics.render();
  for (const char* action : {"Writer", "Move", "Stat", "Reader", "Delete"}) {
    const std::string sample =
        std::string(R"(registry_storage_action_seconds_count{action=")") + action + "\",driver=\"memory\"} 1";
    EXPECT_NE(text.find(sample), std::string::npos) << sample << "\n" << text;
  }
}

}  // namespace
}  // namespace berth
