#include "migration/backup_directory.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>

#include "base/failure.h"
#include "tests/support/distribution_volume.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

class BackupDirectoryTest : public testing::Test {
 protected:
  static Digest digest(std::string_view text) { return DistributionVolume::digest(text); }

  FileRegion file(const std::string& text) {
    const std::string path = directory_.file("source" + std::to_string(++count_));
    std::ofstream(path, std::ios::binary) << text;
    UniqueFd opened(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    return {.file = std::make_shared<const UniqueFd>(std::move(opened)), .offset = 0, .length = text.size()};
  }
  std::string path() const { return directory_.file("backups"); }
  BackupEntry entry(const std::string& name) const {
    return {.name = name,
            .created = WallTime(std::chrono::seconds(1'700'000'000)),
            .registry_id = "id",
            .version = "1",
            .blobs = 1,
            .bytes = 5,
            .metadata_digest = digest("metadata").to_string()};
  }
  void make(BackupDirectory& backups, const std::string& name) {
    std::ofstream(backups.begin(name) + "/metadata.db") << "metadata";
    backups.finish(entry(name));
  }

  TemporaryDirectory directory_;
  int count_ = 0;
};

TEST_F(BackupDirectoryTest, HoldsBackupsOfOneRegistryAndNothingElse) {
  EXPECT_THROW(BackupDirectory(path(), std::nullopt), Failure) << "nothing is there, and nobody says whose it is to be";
  const BackupDirectory made(path(), "id");
  const BackupDirectory again(path(), "id");
  const BackupDirectory reading(path(), std::nullopt);
  EXPECT_THROW(BackupDirectory(path(), "another"), Failure);
  std::filesystem::create_directories(directory_.file("other"));
  std::ofstream(directory_.file("other") + "/photo.jpg") << "x";
  EXPECT_THROW(BackupDirectory(directory_.file("other"), "id"), Failure);
}

TEST_F(BackupDirectoryTest, ABackupIsListedOnceItIsWhole) {
  BackupDirectory backups(path(), "id");
  const std::string partial = backups.begin("20240101T000000Z");
  std::ofstream(partial + "/metadata.db") << "metadata";
  EXPECT_TRUE(backups.list().empty());
  backups.finish(entry("20240101T000000Z"));
  make(backups, "20240102T000000Z");
  const std::vector<BackupEntry> listed = backups.list();
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].name, "20240101T000000Z");
  EXPECT_EQ(listed[1].registry_id, "id");
  EXPECT_EQ(listed[1].created, entry("").created);
  EXPECT_EQ(BackupDirectory::digest_of_file(backups.path_of(listed[0].name, "metadata.db")), listed[0].metadata_digest);
  // What a crash left of one goes with the next.
  backups.begin("20240103T000000Z");
  backups.begin("20240104T000000Z");
  EXPECT_FALSE(std::filesystem::exists(path() + "/.partial-20240103T000000Z"));
}

TEST_F(BackupDirectoryTest, KeepsEachBlobOnceAndVerifiesIt) {
  BackupDirectory backups(path(), "id");
  const BlobAdded first = backups.add_blob(digest("hello"), file("hello"), true);
  EXPECT_TRUE(first == BlobAdded::linked || first == BlobAdded::copied);
  EXPECT_EQ(backups.add_blob(digest("hello"), file("hello"), true), BlobAdded::was_there);
  EXPECT_EQ(backups.blob_size(digest("hello")), 5U);
  EXPECT_EQ(backups.add_blob(digest("other"), file("wrong"), true), BlobAdded::damaged);
  EXPECT_FALSE(backups.blob_size(digest("other")).has_value());
  const std::string text = "sha512 too";
  const Digest long_digest = digest_of(HashAlgorithm::sha512, text);
  EXPECT_NE(backups.add_blob(long_digest, file(text), true), BlobAdded::damaged);
  EXPECT_EQ(backups.open_blob(long_digest)->length, text.size());
}

TEST_F(BackupDirectoryTest, PrunesWhatNoBackupNames) {
  BackupDirectory backups(path(), "id");
  for (const char* text : {"one", "two", "three"}) backups.add_blob(digest(text), file(text), false);
  const std::set<Digest> named{digest("two")};
  const BackupDirectory::Pruned pruned = backups.prune_blobs([&](const Digest& each) { return named.contains(each); });
  EXPECT_EQ(pruned.blobs, 2U);
  EXPECT_EQ(pruned.bytes, 8U);
  EXPECT_TRUE(backups.blob_size(digest("two")).has_value());
  EXPECT_FALSE(backups.blob_size(digest("one")).has_value());
}

TEST_F(BackupDirectoryTest, RemovingABackupLeavesTheOthers) {
  BackupDirectory backups(path(), "id");
  make(backups, "20240101T000000Z");
  make(backups, "20240102T000000Z");
  backups.remove("20240101T000000Z");
  ASSERT_EQ(backups.list().size(), 1U);
  EXPECT_EQ(backups.list()[0].name, "20240102T000000Z");
}

TEST_F(BackupDirectoryTest, DamagedFactsAreSaidByTheirPath) {
  BackupDirectory backups(path(), "id");
  make(backups, "20240101T000000Z");
  std::ofstream(path() + "/20240101T000000Z/backup.json") << "{}";
  try {
    backups.list();
    FAIL();
  } catch (const Failure& failure) {
    EXPECT_NE(std::string(failure.what()).find("20240101T000000Z/backup.json"), std::string::npos);
  }
}

TEST_F(BackupDirectoryTest, NamesSortAsTheyWereMade) {
  EXPECT_EQ(BackupDirectory::name_at(WallTime(std::chrono::seconds(1'700'000'000))), "20231114T221320Z");
}

}  // namespace
}  // namespace berth
