#include "storage/filesystem/filesystem_storage.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <thread>

#include "storage/layout.h"
#include "tests/support/read_all.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

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

std::string file_text(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), {}};
}

void make_file(const fs::path& path, std::string_view text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

struct TestStorage {
  TemporaryDirectory directory;
  SystemEntropy entropy;
  BlockingPool disk{"disk", 4, 1000};
  FilesystemStorage storage{{.root = directory.path().string()}, disk, entropy};

  fs::path path(std::string_view relative) const { return directory.path() / relative; }
  fs::path blob_path(std::string_view content) const { return path(layout::blob_path(digest(content))); }

  void push(const std::string& id, std::string_view content) {
    const auto upload = run_task(storage.uploads().open(upload_id(id), {}));
    run_task(upload->append(bytes_of(content)));
    run_task(upload->publish(run_task(upload->seal(HashAlgorithm::sha256))));
  }
};

TEST(FilesystemStorage, ListsWhatIsNoBlobsFileBesideThoseThatAre) {
  TestStorage test;
  test.push("u1", "layer");
  const std::string hex = digest("layer").hex();
  const fs::path blobs = test.path(layout::kBlobs);
  make_file(blobs / "notes.txt", "x");
  make_file(blobs / "md5" / "ab" / "abcd" / "data", "x");
  make_file(blobs / "sha256" / "zz" / "y", "x");
  make_file(blobs / "sha256" / hex.substr(0, 2) / "short" / "data", "x");
  make_file(blobs / "sha256" / "00" / hex / "data", "x");
  make_file(blobs / "sha256" / hex.substr(0, 2) / hex / "data.bak", "x");
  fs::create_directories(blobs / "sha512" / "ab" / std::string(128, 'a'));
  for (const std::size_t limit : {1U, 100U}) {
    std::vector<std::string> blob_files;
    std::vector<std::string> others;
    for (std::optional<FilePosition> position = FilePosition(); position;) {
      const StoredFilePage page = run_task(test.storage.files().list(*position, limit));
      for (const StoredFile& file : page.entries) (file.digest ? blob_files : others).push_back(file.path);
      position = page.next;
    }
    const std::string below(layout::kBlobs);
    EXPECT_EQ(blob_files, std::vector<std::string>{layout::blob_path(digest("layer"))});
    std::ranges::sort(others);
    std::vector<std::string> expected{below + "/notes.txt",
                                      below + "/md5",
                                      below + "/sha256/zz",
                                      below + "/sha256/" + hex.substr(0, 2) + "/short",
                                      below + "/sha256/00/" + hex,
                                      below + "/sha256/" + hex.substr(0, 2) + "/" + hex + "/data.bak",
                                      below + "/sha512/ab/" + std::string(128, 'a')};
    std::ranges::sort(expected);
    EXPECT_EQ(others, expected);
  }
}

TEST(FilesystemStorage, AQuarantinedFileKeepsItsBytes) {
  TestStorage test;
  test.push("u1", "layer");
  make_file(test.blob_path("layer"), "damaged");
  const std::optional<std::string> place = run_task(test.storage.files().quarantine(digest("layer")));
  ASSERT_TRUE(place.has_value());
  EXPECT_EQ(file_text(test.path(*place)), "damaged");
  EXPECT_FALSE(fs::exists(test.blob_path("layer")));
  test.push("u2", "layer");
  EXPECT_EQ(file_text(test.blob_path("layer")), "layer");
}

TEST(FilesystemStorage, TouchesNothingWhenItIsOpened) {
  const TestStorage test;
  EXPECT_TRUE(fs::is_empty(test.directory.path()));
}

TEST(FilesystemStorage, MakesAMissingRootWithItsParents) {
  const TemporaryDirectory directory;
  SystemEntropy entropy;
  BlockingPool disk("disk", 1, 10);
  for (const std::string& root : {directory.file("a/b/c"), directory.file("d/e/")}) {
    FilesystemStorage storage({.root = root}, disk, entropy);
    run_task(storage.blobs().put(digest("x"), SharedBytes("x")));
    EXPECT_EQ(file_text(fs::path(root) / layout::blob_path(digest("x"))), "x");
  }
}

TEST(FilesystemStorage, SaysWhichRootItCannotOpen) {
  const TemporaryDirectory directory;
  SystemEntropy entropy;
  BlockingPool disk("disk", 1, 10);
  make_file(directory.path() / "file", "");
  try {
    const FilesystemStorage storage({.root = directory.file("file")}, disk, entropy);
    FAIL() << "a file was taken as the root";
  } catch (const Failure& failure) {
    EXPECT_EQ(failure.kind(), FailureKind::storage);
    EXPECT_NE(std::string(failure.what()).find(directory.file("file")), std::string::npos);
  }
}

TEST(FilesystemStorage, PutsFilesWhereAndAsDistributionDoes) {
  const mode_t mask = ::umask(0027);
  TestStorage test;
  run_task(test.storage.blobs().put(digest("put"), SharedBytes("put")));
  test.push("u1", "pushed");
  ::umask(mask);
  for (const std::string content : {"put", "pushed"}) {
    const fs::path path = test.blob_path(content);
    EXPECT_EQ(file_text(path), content);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms(0640));
    EXPECT_EQ(fs::status(path.parent_path()).permissions(), fs::perms(0750));
  }
  EXPECT_TRUE(fs::is_empty(test.path(layout::kUploads)));
  EXPECT_TRUE(fs::is_empty(test.path(layout::kTemporary)));
}

TEST(FilesystemStorage, KeepsUploadsUnderTheirId) {
  TestStorage test;
  const auto upload = run_task(test.storage.uploads().open(upload_id("some-id"), {}));
  run_task(upload->append(bytes_of("bytes")));
  EXPECT_EQ(file_text(test.path("berth/uploads/some-id")), "bytes");
}

TEST(FilesystemStorage, ServesWhatDistributionLeftThere) {
  TestStorage test;
  make_file(test.blob_path("old"), "old");
  EXPECT_EQ(run_task(test.storage.blobs().find(digest("old")))->size_bytes, 3U);
  EXPECT_EQ(read_all(*run_task(test.storage.blobs().open(digest("old")))), "old");
  EXPECT_TRUE(run_task(test.storage.blobs().delete_without_reference_check(digest("old"))));
  EXPECT_FALSE(fs::exists(test.blob_path("old").parent_path())) << "the blob's directory goes, as with Distribution";
}

TEST(FilesystemStorage, TakesNothingButAFileForABlob) {
  TestStorage test;
  fs::create_directories(test.blob_path("directory"));
  fs::create_directories(test.blob_path("pipe").parent_path());
  ASSERT_EQ(::mkfifo(test.blob_path("pipe").c_str(), 0600), 0);
  make_file(test.blob_path("flat").parent_path(), "a file where a directory should be");
  for (const std::string content : {"directory", "pipe", "flat"}) {
    EXPECT_FALSE(run_task(test.storage.blobs().find(digest(content))).has_value()) << content;
    EXPECT_FALSE(run_task(test.storage.blobs().open(digest(content))).has_value()) << content;
  }
  EXPECT_FALSE(run_task(test.storage.blobs().delete_without_reference_check(digest("directory"))));
  EXPECT_FALSE(run_task(test.storage.blobs().delete_without_reference_check(digest("flat"))));
  EXPECT_TRUE(fs::exists(test.blob_path("directory")));
}

TEST(FilesystemStorage, FinishesARemovalThatWasCutOff) {
  TestStorage test;
  fs::create_directories(test.blob_path("half").parent_path());
  EXPECT_FALSE(run_task(test.storage.blobs().delete_without_reference_check(digest("half"))));
  EXPECT_FALSE(fs::exists(test.blob_path("half").parent_path()));
}

TEST(FilesystemStorage, GoesOnWhenSomebodyTidiedEmptyDirectories) {
  TestStorage test;
  run_task(test.storage.blobs().put(digest("a"), SharedBytes("a")));
  run_task(test.storage.blobs().delete_without_reference_check(digest("a")));
  fs::remove_all(test.path("docker"));
  fs::remove_all(test.path("berth"));
  test.push("u1", "a");
  EXPECT_EQ(file_text(test.blob_path("a")), "a");
  fs::remove_all(test.path("docker"));
  run_task(test.storage.blobs().put(digest("a"), SharedBytes("a")));
  EXPECT_EQ(file_text(test.blob_path("a")), "a");
}

TEST(FilesystemStorage, FollowsNoLinkToAnUpload) {
  TestStorage test;
  make_file(test.path("precious"), "precious");
  fs::create_directories(test.path(layout::kUploads));
  fs::create_symlink(test.path("precious"), test.path("berth/uploads/u1"));
  const auto upload = run_task(test.storage.uploads().open(upload_id("u1"), {}));
  EXPECT_THROW(run_task(upload->append(std::as_bytes(std::span("x", 1)))), Failure);
  EXPECT_THROW(run_task(test.storage.uploads().open(upload_id("u1"), {.durable_offset = 3})), Failure);
  EXPECT_EQ(file_text(test.path("precious")), "precious");
  EXPECT_TRUE(run_task(test.storage.uploads().list(std::nullopt, 10)).empty());
}

// A file system without a journal may bring back both names of a rename.
TEST(FilesystemStorage, NeverWritesIntoABlobThroughItsOldName) {
  TestStorage test;
  test.push("u1", "blob");
  fs::create_hard_link(test.blob_path("blob"), test.path("berth/uploads/u1"));
  EXPECT_EQ(run_task(test.storage.uploads().open(upload_id("u1"), {.durable_offset = 4})), nullptr);
  EXPECT_EQ(file_text(test.blob_path("blob")), "blob");
  EXPECT_FALSE(fs::exists(test.path("berth/uploads/u1")));
  fs::create_hard_link(test.blob_path("blob"), test.path("berth/uploads/u2"));
  const auto begun_anew = run_task(test.storage.uploads().open(upload_id("u2"), {}));
  run_task(begun_anew->append(bytes_of("other")));
  EXPECT_EQ(file_text(test.path("berth/uploads/u2")), "other");
  EXPECT_EQ(file_text(test.blob_path("blob")), "blob");
}

TEST(FilesystemStorage, NoticesThatAFileIsNotWhatWasHashed) {
  TestStorage test;
  const auto upload = run_task(test.storage.uploads().open(upload_id("u1"), {}));
  run_task(upload->append(bytes_of("hello world")));
  fs::resize_file(test.path("berth/uploads/u1"), 5);
  EXPECT_EQ(run_task(upload->seal(HashAlgorithm::sha256)), digest("hello"));
  EXPECT_EQ(upload->size_bytes(), 5U);
}

TEST(FilesystemStorage, GivesBackWhatWasAllocatedForMoreThanCame) {
  TestStorage test;
  const auto upload = run_task(test.storage.uploads().open(upload_id("u1"), {}));
  run_task(upload->expect_size(64 << 20));
  run_task(upload->append(bytes_of("little")));
  run_task(upload->publish(run_task(upload->seal(HashAlgorithm::sha256))));
  struct stat status;
  ASSERT_EQ(::stat(test.blob_path("little").c_str(), &status), 0);
  EXPECT_LT(status.st_blocks * 512, 1 << 20);
}

TEST(FilesystemStorage, RemovesStaleTemporariesOfItsOwnNamingOnly) {
  TestStorage test;
  const fs::path own = test.path("berth/tmp/6b3c9a93-af5d-473f-a4ff-9710022185cd.berth-tmp");
  make_file(own, "left by a crash");
  make_file(test.path("berth/tmp/somebody-elses"), "");
  const auto now = std::chrono::time_point_cast<std::chrono::microseconds>(std::chrono::system_clock::now());
  EXPECT_EQ(run_task(test.storage.uploads().remove_stale_temporaries(now - std::chrono::hours(1))), 0U);
  EXPECT_TRUE(fs::exists(own));
  EXPECT_EQ(run_task(test.storage.uploads().remove_stale_temporaries(now + std::chrono::hours(1))), 1U);
  EXPECT_FALSE(fs::exists(own));
  EXPECT_TRUE(fs::exists(test.path("berth/tmp/somebody-elses")));
}

TEST(Volume, KeepsATemporaryThatIsInUse) {
  const TemporaryDirectory directory;
  SystemEntropy entropy;
  BlockingPool disk("disk", 1, 10);
  Volume volume({.root = directory.path().string()}, disk, entropy);
  {
    Volume::Temporary temporary(volume);
    EXPECT_EQ(volume.remove_stale_temporaries_blocking(WallTime::max()), 0U);
    EXPECT_TRUE(fs::exists(directory.path() / temporary.path()));
  }
  EXPECT_TRUE(fs::is_empty(directory.path() / layout::kTemporary));
}

TEST(FilesystemStorage, IsIllWhenTheVolumeWentAway) {
  const TemporaryDirectory directory;
  SystemEntropy entropy;
  BlockingPool disk("disk", 1, 10);
  FilesystemStorage storage({.root = directory.file("root")}, disk, entropy);
  EXPECT_NO_THROW(run_task(storage.blobs().check_health()));
  fs::rename(directory.path() / "root", directory.path() / "away");
  EXPECT_THROW(run_task(storage.blobs().check_health()), Failure);
  fs::create_directory(directory.path() / "root");
  EXPECT_THROW(run_task(storage.blobs().check_health()), Failure) << "another directory under the old name";
  fs::remove(directory.path() / "root");
  fs::rename(directory.path() / "away", directory.path() / "root");
  EXPECT_NO_THROW(run_task(storage.blobs().check_health()));
}

TEST(FilesystemIdentityFile, SeesRepositoriesOfDistribution) {
  TestStorage test;
  fs::create_directories(test.path(layout::kRepositories));
  EXPECT_FALSE(run_task(test.storage.identity().has_foreign_repositories())) << "an empty directory is nobody's";
  fs::create_directories(test.path(layout::kRepositories) / "app");
  EXPECT_TRUE(run_task(test.storage.identity().has_foreign_repositories()));
}

TEST(FilesystemIdentityFile, IsOneLine) {
  TestStorage test;
  run_task(test.storage.identity().create("6b3c9a93-af5d-473f-a4ff-9710022185cd"));
  EXPECT_EQ(file_text(test.path(layout::kIdentity)), "6b3c9a93-af5d-473f-a4ff-9710022185cd\n");
  EXPECT_TRUE(fs::is_empty(test.path(layout::kTemporary)));
}

TEST(FilesystemIdentityFile, RefusesWhatIsNotAnId) {
  TestStorage test;
  for (const std::string& text : {std::string(), std::string("\n"), std::string("two\nlines\n"), std::string("a b"),
                                  std::string(200, 'a'), std::string("a\0b", 3)}) {
    make_file(test.path(layout::kIdentity), text);
    EXPECT_THROW(run_task(test.storage.identity().read()), Failure) << text;
  }
}

// Many threads in the same prefix directories: each must sync what it relies on, none may fail because of another.
TEST(FilesystemStorage, TakesPushesSideBySide) {
  TestStorage test;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&test, thread] {
      for (int round = 0; round < 50; ++round) {
        const std::string content = "shared content " + std::to_string(round);
        test.push("u" + std::to_string(thread) + "-" + std::to_string(round), content + std::to_string(thread));
        run_task(test.storage.blobs().put(digest(content), SharedBytes(content)));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (int round = 0; round < 50; ++round) {
    const std::string content = "shared content " + std::to_string(round);
    EXPECT_EQ(file_text(test.blob_path(content)), content);
    for (int thread = 0; thread < 4; ++thread) {
      EXPECT_EQ(file_text(test.blob_path(content + std::to_string(thread))), content + std::to_string(thread));
    }
  }
}

}  // namespace
}  // namespace berth
