#include "registry/upload_blob.h"

#include <gtest/gtest.h>

#include <boost/asio/detached.hpp>

#include "tests/support/registry_world.h"

namespace berth {
namespace {

template <class T>
ErrorCode code_of(const Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result.error().code;
}

RegistryPolicy small_buffers() {
  RegistryPolicy policy;
  policy.limits.largest_buffer_bytes = 16;
  policy.limits.smallest_buffer_bytes = 16;
  policy.limits.upload_checkpoint_bytes = 64;
  return policy;
}

std::string text_of(std::size_t size) {
  std::string text;
  while (text.size() < size) text += std::to_string(text.size()) + ",";
  text.resize(size);
  return text;
}

TEST(UploadBlob, InOneClosingRequest) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  EXPECT_EQ(world.finish("app", id, sha256_of("layer"), "layer"), sha256_of("layer"));
  EXPECT_EQ(world.pull("app", sha256_of("layer")), "layer");
  EXPECT_EQ(code_of(run_task(world->uploads.status(repository("app"), id))), ErrorCode::upload_unknown);
  EXPECT_EQ(world.upload_file_count(), 0U);
}

TEST(UploadBlob, InChunks) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  EXPECT_EQ(world.append("app", id, "lay", 0).value().size_bytes, 3U);
  EXPECT_EQ(world.append("app", id, "er", 3).value().size_bytes, 5U);
  EXPECT_EQ(run_task(world->uploads.status(repository("app"), id)).value().size_bytes, 5U);
  EXPECT_TRUE(world.finish("app", id, sha256_of("layers"), "s", 5));
  EXPECT_EQ(world.pull("app", sha256_of("layers")), "layers");
}

TEST(UploadBlob, OfZeroBytesByEveryWay) {
  RegistryInMemory world;
  const Digest empty = sha256_of("");
  const UploadId id = world.start("a");
  EXPECT_TRUE(world.finish("a", id, empty));
  EXPECT_EQ(world.pull("a", empty), "");
  EXPECT_TRUE(world.push("b", "", empty));
  EXPECT_EQ(world.pull("b", empty), "");
  const UploadId patched = world.start("c");
  EXPECT_EQ(world.append("c", patched, "").value().size_bytes, 0U);
  EXPECT_TRUE(world.finish("c", patched, empty));
  EXPECT_EQ(world.pull("c", empty), "");
}

TEST(UploadBlob, StreamsThroughSmallBuffersWithCheckpoints) {
  RegistryInMemory world(small_buffers());
  for (const std::size_t size : {1U, 15U, 16U, 17U, 63U, 64U, 65U, 1000U}) {
    for (const std::size_t piece : {1U, 7U, 16U, 100U}) {
      const std::string text = text_of(size);
      const UploadId id = world.start("app");
      MemoryReader reader(text, {.piece_bytes = piece, .yields = true});
      const auto status = run_task(world->upload_blob.append(
          repository("app"), id, {.reader = reader, .length_bytes = std::nullopt, .offset = {}}));
      ASSERT_TRUE(status);
      EXPECT_EQ(status->size_bytes, size);
      EXPECT_TRUE(world.finish("app", id, sha256_of(text)));
      EXPECT_EQ(world.pull("app", sha256_of(text)), text);
    }
  }
}

TEST(UploadBlob, Sha512EndToEnd) {
  RegistryInMemory world;
  for (const HashAlgorithm started_with : {HashAlgorithm::sha512, HashAlgorithm::sha256}) {
    const UploadId id = world.start("app", started_with);
    ASSERT_TRUE(world.append("app", id, "layer"));
    EXPECT_EQ(world.finish("app", id, sha512_of("layer")), sha512_of("layer"));
    EXPECT_EQ(world.pull("app", sha512_of("layer")), "layer");
  }
}

TEST(UploadBlob, AChunkOutOfOrderIsRefusedBeforeItIsRead) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "lay", 0));
  MemoryReader reader("er");
  const auto refused =
      run_task(world->upload_blob.append(repository("app"), id, {.reader = reader, .length_bytes = 2, .offset = 4}));
  EXPECT_EQ(code_of(refused), ErrorCode::upload_range_invalid);
  EXPECT_EQ(reader.given_bytes(), 0U);
  EXPECT_EQ(code_of(world.finish("app", id, sha256_of("layer"), "er", 2)), ErrorCode::upload_range_invalid);
  EXPECT_TRUE(world.finish("app", id, sha256_of("layer"), "er", 3));
}

TEST(UploadBlob, AWrongDigestLeavesTheUploadAsItWasBefore) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "lay"));
  EXPECT_EQ(code_of(world.finish("app", id, sha256_of("other"), "er")), ErrorCode::digest_invalid);
  EXPECT_EQ(run_task(world->uploads.status(repository("app"), id)).value().size_bytes, 3U);
  EXPECT_FALSE(world.has("app", sha256_of("other")));
  EXPECT_TRUE(world.finish("app", id, sha256_of("layer"), "er"));
  EXPECT_EQ(world.pull("app", sha256_of("layer")), "layer");
}

TEST(UploadBlob, AnotherLengthThanAnnouncedHasNoEffect) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "lay"));
  MemoryReader reader("er");
  const auto refused =
      run_task(world->upload_blob.append(repository("app"), id, {.reader = reader, .length_bytes = 5, .offset = 3}));
  EXPECT_EQ(code_of(refused), ErrorCode::size_invalid);
  EXPECT_EQ(run_task(world->uploads.status(repository("app"), id)).value().size_bytes, 3U);
  EXPECT_TRUE(world.finish("app", id, sha256_of("layer"), "er", 3));
}

TEST(UploadBlob, ABodyThatIsLongerThanAnnouncedIsNotReadToItsEnd) {
  RegistryInMemory world(small_buffers());
  const UploadId id = world.start("app");
  MemoryReader reader(text_of(1000));
  const auto refused =
      run_task(world->upload_blob.append(repository("app"), id, {.reader = reader, .length_bytes = 100, .offset = 0}));
  EXPECT_EQ(code_of(refused), ErrorCode::size_invalid);
  EXPECT_LT(reader.given_bytes(), 200U);
  EXPECT_EQ(world.upload_file_count(), 0U);
}

TEST(UploadBlob, ABodyThatBreaksOffCanBeResumedAlsoByAnotherProcess) {
  RegistryInMemory world(small_buffers());
  const std::string text = text_of(200);
  const UploadId id = world.start("app");
  MemoryReader reader(text.substr(0, 150), {.piece_bytes = 10, .breaks_off = true});
  EXPECT_THROW(
      run_task(world->upload_blob.append(repository("app"), id, {.reader = reader, .length_bytes = 200, .offset = 0})),
      Failure);
  world.restart();
  EXPECT_EQ(run_task(world->uploads.status(repository("app"), id)).value().size_bytes, 150U);
  EXPECT_TRUE(world.finish("app", id, sha256_of(text), text.substr(150), 150));
  EXPECT_EQ(world.pull("app", sha256_of(text)), text);
}

TEST(UploadBlob, AKillInTheMiddleLosesNoMoreThanSinceTheLastCheckpoint) {
  RegistryInMemory world(small_buffers());
  const std::string text = text_of(1000);
  const UploadId id = world.start("app");
  MemoryReader reader(text, {.piece_bytes = 16, .yields = true});
  {
    boost::asio::io_context loop(1);
    std::optional<Result<UploadStatus>> outcome;
    boost::asio::co_spawn(loop,
                          keep_result(world->upload_blob.append(repository("app"), id,
                                                                {.reader = reader, .length_bytes = 1000, .offset = 0}),
                                      outcome),
                          boost::asio::detached);
    while (reader.given_bytes() < 500) loop.run_one();
  }  // the process dies
  world.restart();
  const std::uint64_t offset = run_task(world->uploads.status(repository("app"), id)).value().size_bytes;
  EXPECT_GE(offset, 400U);
  EXPECT_LE(offset, reader.given_bytes());
  EXPECT_TRUE(world.finish("app", id, sha256_of(text), text.substr(offset), offset));
  EXPECT_EQ(world.pull("app", sha256_of(text)), text);
}

TEST(UploadBlob, IsUnknownInAnotherRepositoryAndAfterItsEnd) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  EXPECT_EQ(code_of(world.append("other", id, "x")), ErrorCode::upload_unknown);
  EXPECT_EQ(code_of(run_task(world->uploads.cancel(repository("other"), id))), ErrorCode::upload_unknown);
  ASSERT_TRUE(world.append("app", id, "x"));
  EXPECT_TRUE(run_task(world->uploads.cancel(repository("app"), id)));
  EXPECT_EQ(code_of(world.append("app", id, "y")), ErrorCode::upload_unknown);
  EXPECT_EQ(code_of(world.finish("app", id, sha256_of("x"))), ErrorCode::upload_unknown);
  EXPECT_EQ(world.upload_file_count(), 0U);
}

TEST(UploadBlob, HasOneWriterAtATime) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  const std::optional<KeyLock::Guard> other = world.upload_locks.try_acquire(id.text());
  ASSERT_TRUE(other);
  EXPECT_EQ(code_of(world.append("app", id, "x")), ErrorCode::upload_busy);
  EXPECT_EQ(code_of(world.finish("app", id, sha256_of(""))), ErrorCode::upload_busy);
  EXPECT_EQ(code_of(run_task(world->uploads.cancel(repository("app"), id))), ErrorCode::upload_busy);
  EXPECT_EQ(run_task(world->uploads.status(repository("app"), id)).value().size_bytes, 0U);
}

TEST(UploadBlob, AWriterWhoseClaimPassedToAnotherInstanceStops) {
  RegistryInMemory world(small_buffers());
  const UploadId id = world.start("app");
  const std::string text = text_of(1000);
  MemoryReader reader(text, {.piece_bytes = 16, .yields = true});
  boost::asio::io_context loop(1);
  std::optional<Result<UploadStatus>> outcome;
  boost::asio::co_spawn(loop,
                        keep_result(world->upload_blob.append(repository("app"), id,
                                                              {.reader = reader, .length_bytes = 1000, .offset = 0}),
                                    outcome),
                        boost::asio::detached);
  while (reader.given_bytes() < 300) loop.run_one();
  run_task(world.metadata.claim_upload(id, "another instance", world.clock.now()));
  loop.run();
  ASSERT_TRUE(outcome);
  EXPECT_EQ(code_of(*outcome), ErrorCode::upload_unknown);
  EXPECT_LT(reader.given_bytes(), 1000U) << "it stops at the next checkpoint, not at the end";
}

// --- one request
// ------------------------------------------------------------------------------------------------------

TEST(PushInOne, ARefusalOrInterruptionLeavesNothing) {
  RegistryInMemory world;
  EXPECT_EQ(code_of(world.push("app", "layer", sha256_of("other"))), ErrorCode::digest_invalid);
  EXPECT_EQ(world.upload_file_count(), 0U);
  MemoryReader reader("lay", {.breaks_off = true});
  EXPECT_THROW(run_task(world->upload_blob.push(repository("app"), sha256_of("layer"),
                                                {.reader = reader, .length_bytes = 5, .offset = {}})),
               Failure);
  EXPECT_EQ(world.upload_file_count(), 0U);
  EXPECT_TRUE(run_task(world.metadata.list_uploads(world.clock.now() + std::chrono::hours(1), {}, 10)).empty());
}

TEST(PushInOne, LeavesNoUploadBehind) {
  RegistryInMemory world;
  world.push("app", "layer");
  EXPECT_EQ(world.upload_file_count(), 0U);
  EXPECT_TRUE(run_task(world.metadata.list_uploads(world.clock.now() + std::chrono::hours(1), {}, 10)).empty());
}

// --- a world that breaks
// ----------------------------------------------------------------------------------------------

TEST(UploadBlob, AFullDiskGivesItsSpaceBackAndKeepsWhatWasRecorded) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "lay"));
  world.uploads.faults().fail_next(StorageCall::append, FailureKind::storage_full);
  EXPECT_THROW((void)world.append("app", id, "er"), Failure);
  EXPECT_EQ(run_task(world->uploads.status(repository("app"), id)).value().size_bytes, 3U);
  EXPECT_TRUE(world.finish("app", id, sha256_of("layer"), "er", 3));

  const UploadId fresh = world.start("app");
  world.uploads.faults().fail_next(StorageCall::append, FailureKind::storage_full);
  EXPECT_THROW((void)world.append("app", fresh, "layer"), Failure);
  EXPECT_EQ(world.upload_file_count(), 0U);
  EXPECT_TRUE(world.finish("app", fresh, sha256_of("again"), "again"));
}

TEST(UploadBlob, IsGivenUpWhenAnFsyncFails) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  world.uploads.faults().fail_next(StorageCall::sync);
  EXPECT_THROW((void)world.append("app", id, "layer"), Failure);
  EXPECT_EQ(code_of(world.append("app", id, "layer")), ErrorCode::upload_unknown);
  EXPECT_EQ(world.upload_file_count(), 0U);

  const UploadId closing = world.start("app");
  world.uploads.faults().fail_next(StorageCall::seal);
  EXPECT_THROW((void)world.finish("app", closing, sha256_of("layer"), "layer"), Failure);
  EXPECT_EQ(code_of(world.finish("app", closing, sha256_of("layer"), "layer")), ErrorCode::upload_unknown);
  EXPECT_FALSE(world.has("app", sha256_of("layer")));
}

TEST(UploadBlob, AClosingRequestThatDiedAfterTheRenameIsTakenUpAgain) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "layer"));
  world.uploads.faults().fail_next(StorageCall::publish, FailureKind::storage, FaultMoment::after);
  EXPECT_THROW((void)world.finish("app", id, sha256_of("layer")), Failure);
  EXPECT_FALSE(world.has("app", sha256_of("layer"))) << "nothing is visible before the commit";
  world.restart();
  EXPECT_TRUE(world.finish("app", id, sha256_of("layer")));
  EXPECT_EQ(world.pull("app", sha256_of("layer")), "layer");
  EXPECT_EQ(world.upload_file_count(), 0U);
}

TEST(UploadBlob, AClosingRequestThatDiedBeforeTheRenameIsTakenUpAgainWithItsBodyOrWithout) {
  for (const std::string& body : {std::string(), std::string("layer")}) {
    RegistryInMemory world;
    const UploadId id = world.start("app");
    std::optional<KeyLock::Guard> other = world.digest_locks.try_acquire(sha256_of("layer").to_string());
    world.policy.limits.digest_lock_wait = std::chrono::milliseconds(1);
    world.restart();
    EXPECT_THROW((void)world.finish("app", id, sha256_of("layer"), "layer"), Failure) << "the lock's deadline";
    other.reset();
    world.restart();
    EXPECT_TRUE(world.finish("app", id, sha256_of("layer"), body));
    EXPECT_EQ(world.pull("app", sha256_of("layer")), "layer");
  }
}

TEST(UploadBlob, RecoveryReadsTheBytesAndRefusesOtherOnes) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "layer"));
  world.uploads.faults().fail_next(StorageCall::publish, FailureKind::storage, FaultMoment::after);
  EXPECT_THROW((void)world.finish("app", id, sha256_of("layer")), Failure);
  run_task(world.storage.blobs().put(sha256_of("layer"), SharedBytes("LAYER")));
  EXPECT_EQ(code_of(world.finish("app", id, sha256_of("layer"))), ErrorCode::digest_invalid);
  EXPECT_FALSE(world.has("app", sha256_of("layer")));
  EXPECT_EQ(world.upload_file_count(), 0U);
}

// Otherwise naming a digest would be enough to get at another repository's blob.
TEST(UploadBlob, AFailedClosingRequestOpensNoWayToABlobOfAnotherRepository) {
  RegistryInMemory world;
  const Digest secret = world.push("secret", "the secret");
  const UploadId id = world.start("thief");
  ASSERT_TRUE(world.append("thief", id, "junk"));
  EXPECT_EQ(code_of(world.finish("thief", id, secret)), ErrorCode::digest_invalid);
  run_task(world.storage.uploads().remove(id));  // whatever makes the upload's file go
  EXPECT_EQ(code_of(world.finish("thief", id, secret)), ErrorCode::upload_unknown);
  EXPECT_FALSE(world.has("thief", secret));
}

TEST(UploadBlob, FreshBytesReplaceADamagedBlob) {
  RegistryInMemory world;
  const Digest digest = world.push("app", "layer");
  run_task(world.storage.blobs().put(digest, SharedBytes("LAYER")));
  world.push("app", "layer");
  EXPECT_EQ(world.pull("app", digest), "layer");
}

TEST(UploadBlob, RefusesWhenNoMemoryIsLeftForABuffer) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  {
    const auto all = world->buffers.take(world->buffers.free_bytes());
    ASSERT_TRUE(all);
    try {
      (void)world.append("app", id, "layer");
      FAIL() << "no buffer was to be had";
    } catch (const Failure& failure) {
      EXPECT_EQ(failure.kind(), FailureKind::overloaded);
    }
  }
  EXPECT_TRUE(world.append("app", id, "layer"));
}

TEST(UploadBlob, ACancelAfterARenameKeepsTheWayToTheFile) {
  RegistryInMemory world;
  const UploadId id = world.start("app");
  ASSERT_TRUE(world.append("app", id, "layer"));
  world.uploads.faults().fail_next(StorageCall::publish, FailureKind::storage, FaultMoment::after);
  EXPECT_THROW((void)world.finish("app", id, sha256_of("layer")), Failure);
  EXPECT_TRUE(run_task(world->uploads.cancel(repository("app"), id)));
  EXPECT_TRUE(run_task(world.metadata.find_upload(id))) << "the reaper needs its expected digest";
}

}  // namespace
}  // namespace berth
