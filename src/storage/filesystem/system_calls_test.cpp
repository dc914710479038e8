// What the filesystem storage does when system calls fail, stop short or are interrupted, and in which order it makes
// them. This program's own definitions of the calls stand before libc's.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <functional>
#include <map>
#include <mutex>
#include <new>
#include <vector>

#include "storage/filesystem/filesystem_storage.h"
#include "storage/layout.h"
#include "tests/support/read_all.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace {

struct SystemCalls {
  /// "call path" in the order they came, of paths under `root`.
  std::vector<std::string> trace;
  std::string root;
  /// What to do instead of the n-th call (from 0) that matches; 0 lets it go on.
  std::function<int(const std::string& call, const std::string& path)> fail;
  std::size_t write_limit = 0;  ///< bytes a write takes at most, if not 0

  std::recursive_mutex mutex;
};

SystemCalls& calls() {
  static SystemCalls instance;
  return instance;
}

std::string path_of_fd(int fd) {
  char target[4096];
  const ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string();
}

/// Notes the call; the errno it is to fail with, or 0.
int note(const char* call, const std::string& absolute) {
  SystemCalls& state = calls();
  const std::scoped_lock lock(state.mutex);
  if (state.root.empty() || !absolute.starts_with(state.root)) return 0;
  const std::string path = absolute.size() > state.root.size() ? absolute.substr(state.root.size() + 1) : ".";
  state.trace.push_back(std::string(call) + " " + path);
  return state.fail ? state.fail(call, path) : 0;
}

int refuse_with(int error) {
  errno = error;
  return -1;
}

}  // namespace

extern "C" {

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  const bool is_direct = (::fcntl(fd, F_GETFL) & O_DIRECT) != 0;
  if (const int error = note(is_direct ? "direct-pwrite" : "pwrite", path_of_fd(fd))) return refuse_with(error);
  const std::size_t limit = calls().write_limit;
  return ::syscall(SYS_pwrite64, fd, bytes, limit == 0 ? count : std::min(limit, count), offset);
}

int fdatasync(int fd) {
  if (const int error = note("fdatasync", path_of_fd(fd))) return refuse_with(error);
  return static_cast<int>(::syscall(SYS_fdatasync, fd));
}

int fsync(int fd) {
  if (const int error = note("fsync", path_of_fd(fd))) return refuse_with(error);
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

int renameat(int old_directory, const char* old_path, int new_directory, const char* new_path) noexcept {
  if (const int error = note("rename", path_of_fd(new_directory) + "/" + new_path)) return refuse_with(error);
  return static_cast<int>(::syscall(SYS_renameat, old_directory, old_path, new_directory, new_path));
}

int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  if (const int error = note("mkdir", path_of_fd(directory) + "/" + path)) return refuse_with(error);
  return static_cast<int>(::syscall(SYS_mkdirat, directory, path, mode));
}

int fallocate(int fd, int mode, off_t offset, off_t length) {
  if (const int error = note("fallocate", path_of_fd(fd))) return refuse_with(error);
  return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length));
}

int sync_file_range(int fd, off64_t offset, off64_t length, unsigned int flags) {
  if (const int error = note("sync_file_range", path_of_fd(fd))) return refuse_with(error);
  return static_cast<int>(::syscall(SYS_sync_file_range, fd, offset, length, flags));
}

}  // extern "C"

namespace berth {
namespace {

namespace fs = std::filesystem;

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}
Digest digest(std::string_view text) {
  return digest_of(HashAlgorithm::sha256, text);
}
UploadId upload_id(const std::string& text) {
  return UploadId::parse(text).value();
}
std::string parent(const std::string& path) {
  return path.substr(0, path.rfind('/'));
}

class SystemCallsTest : public testing::Test {
 public:
  SystemCallsTest() { calls().root = directory_.path().string(); }
  ~SystemCallsTest() override {
    calls().root.clear();
    calls().fail = nullptr;
    calls().write_limit = 0;
    calls().trace.clear();
  }

 protected:
  std::unique_ptr<BlobUpload> open(const std::string& id, const UploadProgress& progress = {}) {
    return run_task(storage_.uploads().open(upload_id(id), progress));
  }
  std::unique_ptr<BlobUpload> sealed(const std::string& id, std::string_view content) {
    auto upload = open(id);
    run_task(upload->append(bytes_of(content)));
    run_task(upload->seal(HashAlgorithm::sha256));
    return upload;
  }
  bool exists(const std::string& path) const { return fs::exists(directory_.path() / path); }
  BlobStore& blobs() { return storage_.blobs(); }

  static std::vector<std::string> take_trace() {
    const std::scoped_lock lock(calls().mutex);
    return std::exchange(calls().trace, {});
  }
  static std::size_t count(const std::string& entry) {
    return static_cast<std::size_t>(std::ranges::count(calls().trace, entry));
  }
  /// From now on calls named `call` on paths that contain `path` fail; the first `skip` of them go on.
  static void fail(const std::string& call, const std::string& path, int error, int skip = 0, int times = 1'000'000) {
    calls().fail = [=, seen = 0](const std::string& made, const std::string& on) mutable {
      if (made != call || on.find(path) == std::string::npos) return 0;
      const int turn = seen++;
      return turn >= skip && turn < skip + times ? error : 0;
    };
  }
  static void fail_no_more() { calls().fail = nullptr; }

  template <class T>
  static std::optional<FailureKind> failure_of(Task<T> task) {
    try {
      run_task(std::move(task));
      return std::nullopt;
    } catch (const Failure& failure) {
      return failure.kind();
    }
  }

 private:
  TemporaryDirectory directory_;
  SystemEntropy entropy_;
  BlockingPool disk_{"disk", 1, 100};
  FilesystemStorage storage_{
      {.root = directory_.path().string(), .writeback_interval_bytes = 1 << 20}, disk_, entropy_};
};

TEST_F(SystemCallsTest, SyncsEverythingThatAPublishedBlobNeedsInOrder) {
  const std::string path = layout::blob_path(digest("content"));
  const std::string own = parent(path);
  const std::string prefix = parent(own);
  const auto upload = sealed("u1", "content");
  std::vector<std::string> trace = take_trace();
  EXPECT_EQ(trace.back(), "fdatasync berth/uploads/u1");

  run_task(upload->publish(digest("content")));
  trace = take_trace();
  const auto position = [&trace](const std::string& entry) {
    const auto found = std::ranges::find(trace, entry);
    EXPECT_NE(found, trace.end()) << entry;
    return found - trace.begin();
  };
  // Each directory that was made is synced in its parent; the blob's own only after the rename put the entry there.
  EXPECT_LT(position("mkdir docker"), position("fsync ."));
  EXPECT_LT(position("mkdir " + parent(prefix)), position("fsync " + parent(parent(prefix))));
  EXPECT_LT(position("mkdir " + prefix), position("fsync " + parent(prefix)));
  EXPECT_LT(position("rename " + path), position("fsync " + own));
  EXPECT_LT(position("rename " + path), position("fsync " + prefix));
}

TEST_F(SystemCallsTest, MakesTwoSyncsAndOneDirectoryForABlobInAKnownPrefix) {
  const std::string path = layout::blob_path(digest("content"));
  run_task(blobs().put(digest("content"), SharedBytes("content")));
  run_task(blobs().delete_without_reference_check(digest("content")));
  const auto upload = sealed("u1", "content");
  take_trace();
  run_task(upload->publish(digest("content")));
  EXPECT_EQ(take_trace(), (std::vector<std::string>{"mkdir " + parent(path), "rename " + path, "fsync " + parent(path),
                                                    "fsync " + parent(parent(path))}));
}

TEST_F(SystemCallsTest, SyncsBytesAndNameOfAnUploadBeforeARowMaySpeakOfThem) {
  const auto upload = open("u1");
  run_task(upload->append(bytes_of("bytes")));
  take_trace();
  run_task(upload->sync());
  EXPECT_EQ(take_trace(), (std::vector<std::string>{"fdatasync berth/uploads/u1", "fsync berth/uploads"}));
  run_task(upload->sync());
  EXPECT_TRUE(take_trace().empty()) << "nothing new, nothing to sync";
  run_task(upload->append(bytes_of("more")));
  take_trace();
  run_task(upload->sync());
  EXPECT_EQ(take_trace(), std::vector<std::string>{"fdatasync berth/uploads/u1"});
}

TEST_F(SystemCallsTest, SyncsThePutBytesBeforeTheirNameAppears) {
  run_task(blobs().put(digest("first"), SharedBytes("first")));
  take_trace();
  run_task(blobs().put(digest("first"), SharedBytes("first")));
  const std::vector<std::string> trace = take_trace();
  const std::string path = layout::blob_path(digest("first"));
  ASSERT_EQ(trace.size(), 6U);
  EXPECT_TRUE(trace[0].starts_with("pwrite berth/tmp/"));
  EXPECT_TRUE(trace[1].starts_with("fdatasync berth/tmp/"));
  EXPECT_EQ(trace[3], "rename " + path);
  EXPECT_EQ(trace[4], "fsync " + parent(path));
  EXPECT_EQ(trace[5], "fsync " + parent(parent(path)));
}

TEST_F(SystemCallsTest, SyncsTheDirectoryOfADeletedBlob) {
  run_task(blobs().put(digest("a"), SharedBytes("a")));
  take_trace();
  run_task(blobs().delete_without_reference_check(digest("a")));
  EXPECT_EQ(take_trace(), std::vector<std::string>{"fsync " + parent(parent(layout::blob_path(digest("a"))))});
}

TEST_F(SystemCallsTest, StartsWriteBackEarly) {
  const auto upload = open("u1");
  const std::string piece(300'000, 'x');
  for (int turn = 0; turn < 12; ++turn) run_task(upload->append(bytes_of(piece)));
  EXPECT_EQ(count("sync_file_range berth/uploads/u1"), 3U) << "at 1.2, 2.4 and 3.6 MB";
}

TEST_F(SystemCallsTest, FinishesShortAndInterruptedWrites) {
  calls().write_limit = 3;
  fail("pwrite", "uploads", EINTR, 1, 2);
  const auto upload = sealed("u1", "a longer content");
  run_task(upload->publish(digest("a longer content")));
  EXPECT_EQ(read_all(*run_task(blobs().open(digest("a longer content")))), "a longer content");
}

TEST_F(SystemCallsTest, TellsAFailedAppendFromAFailedSeal) {
  const auto upload = open("u1");
  run_task(upload->append(bytes_of("first ")));
  fail("pwrite", "uploads", ENOSPC);
  const SealOutcome refused = run_task(upload->append_and_seal(bytes_of("second"), HashAlgorithm::sha256));
  EXPECT_TRUE(refused.append_failure);
  EXPECT_FALSE(refused.digest);
  EXPECT_EQ(upload->size_bytes(), 6U);
  fail_no_more();
  EXPECT_EQ(run_task(upload->append_and_seal(bytes_of("second"), HashAlgorithm::sha256)).digest,
            digest("first second"));
  fail("fdatasync", "uploads", EIO);
  EXPECT_EQ(failure_of(upload->append_and_seal(bytes_of("third"), HashAlgorithm::sha256)), FailureKind::storage);
  fail_no_more();
  EXPECT_FALSE(exists("berth/uploads/u1"));
}

// A piece was written and hashed before the next one failed: the running hash is ahead of the file.
TEST_F(SystemCallsTest, HashesAgainAfterAnAppendThatFailedInTheMiddle) {
  const auto upload = open("u1");
  run_task(upload->append(bytes_of("begin ")));
  for (const std::size_t size : {std::size_t{700'000}, std::size_t{100'000}}) {
    calls().write_limit = 60'000;
    fail("pwrite", "uploads", EIO, size == 700'000 ? 8 : 1);
    EXPECT_EQ(failure_of(upload->append(bytes_of(std::string(size, 'x')))), FailureKind::storage);
    EXPECT_EQ(upload->size_bytes(), 6U);
    calls().write_limit = 0;
    fail_no_more();
  }
  run_task(upload->append(bytes_of("end")));
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("begin end"));
}

TEST_F(SystemCallsTest, CutsOffWhatAFullDiskTookAndGoesOnWhenThereIsSpaceAgain) {
  const auto upload = open("u1");
  run_task(upload->append(bytes_of("first ")));
  calls().write_limit = 4;
  fail("pwrite", "uploads", ENOSPC, 1);
  EXPECT_EQ(failure_of(upload->append(bytes_of("second"))), FailureKind::storage_full);
  EXPECT_EQ(upload->size_bytes(), 6U);
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("first "));
  fail_no_more();
  run_task(upload->append(bytes_of("second")));
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("first second"));
}

TEST_F(SystemCallsTest, DiscardsAFileWhoseSyncFailedAndNeverSyncsItAgain) {
  const auto upload = open("u1");
  run_task(upload->append(bytes_of("bytes")));
  fail("fdatasync", "uploads", EIO);
  EXPECT_EQ(failure_of(upload->sync()), FailureKind::storage);
  fail_no_more();
  EXPECT_FALSE(exists("berth/uploads/u1"));
  EXPECT_EQ(failure_of(upload->sync()), FailureKind::storage);
  EXPECT_EQ(failure_of(upload->seal(HashAlgorithm::sha256)), FailureKind::storage);
  EXPECT_EQ(failure_of(upload->append(bytes_of("more"))), FailureKind::storage);
  EXPECT_EQ(count("fdatasync berth/uploads/u1"), 1U);
  EXPECT_EQ(failure_of(upload->discard()), std::nullopt);
}

TEST_F(SystemCallsTest, DiscardsAFileWhoseSealFailed) {
  const auto upload = open("u1");
  run_task(upload->append(bytes_of("bytes")));
  fail("fdatasync", "uploads", ENOSPC);
  EXPECT_EQ(failure_of(upload->seal(HashAlgorithm::sha256)), FailureKind::storage_full);
  fail_no_more();
  EXPECT_FALSE(exists("berth/uploads/u1"));
  EXPECT_EQ(failure_of(upload->publish(digest("bytes"))), FailureKind::storage);
}

TEST_F(SystemCallsTest, LeavesNoNewBlobWhoseDirectoryCouldNotBeSynced) {
  const std::string path = layout::blob_path(digest("new"));
  for (const std::string& directory : {parent(path), parent(parent(path))}) {
    const auto upload = sealed("u1", "new");
    // Exactly this directory, not those below it.
    calls().fail = [directory](const std::string& call, const std::string& on) {
      return call == "fsync" && on == directory ? EIO : 0;
    };
    EXPECT_EQ(failure_of(upload->publish(digest("new"))), FailureKind::storage);
    fail_no_more();
    EXPECT_FALSE(exists(parent(path)));
    EXPECT_EQ(failure_of(upload->publish(digest("new"))), FailureKind::storage) << "broken for good";
  }
  run_task(sealed("u2", "new")->publish(digest("new")));
  EXPECT_EQ(read_all(*run_task(blobs().open(digest("new")))), "new");
}

TEST_F(SystemCallsTest, KeepsABlobThatWasThereBeforeWhenAPushOfItFails) {
  run_task(blobs().put(digest("old"), SharedBytes("old")));
  const auto upload = sealed("u1", "old");
  fail("fsync", "sha256", EIO);
  EXPECT_EQ(failure_of(upload->publish(digest("old"))), FailureKind::storage);
  fail_no_more();
  EXPECT_EQ(read_all(*run_task(blobs().open(digest("old")))), "old");
}

TEST_F(SystemCallsTest, LeavesNoTemporaryWhenAPutFails) {
  for (const char* call : {"pwrite", "fdatasync"}) {
    fail(call, "tmp", EIO);
    EXPECT_EQ(failure_of(blobs().put(digest("x"), SharedBytes("x"))), FailureKind::storage) << call;
  }
  fail("rename", "blobs", EIO);
  EXPECT_EQ(failure_of(blobs().put(digest("x"), SharedBytes("x"))), FailureKind::storage);
  fail_no_more();
  EXPECT_TRUE(fs::is_empty(fs::path(calls().root) / layout::kTemporary));
  EXPECT_FALSE(exists(parent(layout::blob_path(digest("x")))));
}

TEST_F(SystemCallsTest, TrustsADirectoryOnlyAfterItsParentWasSynced) {
  const std::string prefix = parent(parent(layout::blob_path(digest("x"))));
  calls().fail = [&prefix](const std::string& call, const std::string& on) {
    return call == "fsync" && on == parent(prefix) ? EIO : 0;
  };
  EXPECT_EQ(failure_of(blobs().put(digest("x"), SharedBytes("x"))), FailureKind::storage);
  EXPECT_FALSE(exists(prefix));
  fail_no_more();
  take_trace();
  run_task(blobs().put(digest("x"), SharedBytes("x")));
  EXPECT_EQ(count("mkdir " + prefix), 1U);
  EXPECT_EQ(count("fsync " + parent(prefix)), 1U);
}

TEST_F(SystemCallsTest, SaysEarlyThatAnUploadWillNotFit) {
  const auto upload = open("u1");
  fail("fallocate", "uploads", ENOSPC);
  run_task(upload->expect_size(10 << 20));
  EXPECT_EQ(failure_of(upload->append(bytes_of("bytes"))), FailureKind::storage_full) << "with the first bytes";
  EXPECT_EQ(upload->size_bytes(), 0U);
  EXPECT_EQ(count("pwrite berth/uploads/u1"), 0U);
  fail("fallocate", "uploads", EOPNOTSUPP);
  run_task(upload->expect_size(10 << 20));
  EXPECT_EQ(failure_of(upload->append(bytes_of("bytes"))), std::nullopt);
  run_task(upload->expect_size(1 << 20));
  EXPECT_EQ(failure_of(upload->append(bytes_of("bytes"))), std::nullopt);
  EXPECT_EQ(count("fallocate berth/uploads/u1"), 2U) << "nothing is allocated ahead for a MiB";
}

/// A blob that comes whole, in memory that lies on whole pages.
class WholeBlobs : public SystemCallsTest {
 public:
  WholeBlobs() : memory_(static_cast<std::byte*>(::operator new(2 * kSize, kPage))) {
    for (std::size_t i = 0; i < 2 * kSize; ++i) memory_[i] = static_cast<std::byte>(i * 7 + i / 4096);
  }
  ~WholeBlobs() override { ::operator delete(memory_, kPage); }
  WholeBlobs(const WholeBlobs&) = delete;
  WholeBlobs& operator=(const WholeBlobs&) = delete;

 protected:
  static constexpr std::size_t kSize = 300'000;  // 73 pages and a rest
  static constexpr const char* kDirect = "direct-pwrite berth/uploads/u1";
  static constexpr const char* kBuffered = "pwrite berth/uploads/u1";

  std::span<const std::byte> bytes(std::size_t offset = 0) const { return {memory_ + offset, kSize}; }
  std::string text(std::size_t offset = 0) const { return {reinterpret_cast<const char*>(memory_ + offset), kSize}; }
  /// Published under the right digest, and all of it is there.
  void expect_whole(BlobUpload& upload, std::size_t offset = 0) {
    const SealOutcome outcome = run_task(upload.append_and_seal(bytes(offset), HashAlgorithm::sha256));
    ASSERT_EQ(outcome.digest, digest(text(offset)));
    EXPECT_EQ(upload.size_bytes(), kSize);
    run_task(upload.publish(*outcome.digest));
    EXPECT_EQ(read_all(*run_task(blobs().open(*outcome.digest))), text(offset));
  }

 private:
  static constexpr std::align_val_t kPage{4096};
  std::byte* const memory_;
};

TEST_F(WholeBlobs, GoPastThePageCacheButForTheirLastPage) {
  expect_whole(*open("u1"));
  if (count(kDirect) == 0) GTEST_SKIP() << "not on this file system";
  EXPECT_EQ(count(kDirect), 1U);
  EXPECT_EQ(count(kBuffered), 1U);
  EXPECT_EQ(count("fdatasync berth/uploads/u1"), 1U);
}

TEST_F(WholeBlobs, GoOnWhereAWriteStopsShort) {
  calls().write_limit = 100'000;  // within a page, and from there no write past the cache can go on
  expect_whole(*open("u1"));
  calls().write_limit = 8192;
  run_task(open("u2")->append_and_seal(bytes(), HashAlgorithm::sha256));
  calls().write_limit = 0;
  expect_whole(*open("u3"));
}

TEST_F(WholeBlobs, GoThroughTheCacheWhereThereIsNoOtherWay) {
  fail("direct-pwrite", "uploads", EINVAL);
  expect_whole(*open("u1"));
  EXPECT_GE(count(kBuffered), 1U);
}

TEST_F(WholeBlobs, GoThroughTheCacheFromMemoryThatLiesElsewhere) {
  expect_whole(*open("u1"), 16);
  EXPECT_EQ(count(kDirect), 0U);
}

TEST_F(WholeBlobs, ThatFollowOtherBytesGoThroughTheCache) {
  const auto upload = open("u1");
  run_task(upload->append(bytes()));
  const SealOutcome outcome = run_task(upload->append_and_seal(bytes(), HashAlgorithm::sha256));
  EXPECT_EQ(outcome.digest, digest(text() + text()));
  EXPECT_EQ(count(kDirect), 0U);
}

TEST_F(WholeBlobs, LeaveNothingOfAWriteThatFailed) {
  const auto upload = open("u1");
  fail("direct-pwrite", "uploads", ENOSPC);
  const SealOutcome outcome = run_task(upload->append_and_seal(bytes(), HashAlgorithm::sha256));
  if (count(kDirect) == 0) GTEST_SKIP() << "not on this file system";
  ASSERT_TRUE(outcome.append_failure);
  EXPECT_EQ(upload->size_bytes(), 0U);
  fail_no_more();
  expect_whole(*upload);
}

TEST_F(SystemCallsTest, CallsTheStorageWellWhenItIsOnlyFull) {
  fail("mkdir", "berth", EROFS);
  EXPECT_EQ(failure_of(blobs().check_health()), FailureKind::storage);
  fail("mkdir", "berth", ENOSPC);
  EXPECT_EQ(failure_of(blobs().check_health()), std::nullopt);
}

TEST_F(SystemCallsTest, PassesOnThatDescriptorsRanOut) {
  run_task(blobs().put(digest("x"), SharedBytes("x")));
  fail("mkdir", "sha256", EMFILE);
  EXPECT_EQ(failure_of(blobs().put(digest("y"), SharedBytes("y"))), FailureKind::overloaded);
}

}  // namespace
}  // namespace berth
