#include "migration/snapshot_keeper.h"

#include <fstream>

#include "metadata/sqlite/sqlite_snapshot.h"
#include "migration/migration_fixture.h"
#include "tests/support/manual_clock.h"

namespace berth {
namespace {

class SnapshotKeeperTest : public MigrationTest {
 protected:
  std::string directory() const { return volume_.path("berth/snapshots").string(); }
  SnapshotKeeper keeper(std::size_t keep = 2) {
    return SnapshotKeeper(*metadata_, disk_, manual_,
                          {.directory = directory(), .interval = std::chrono::hours(1), .keep = keep});
  }
  ManualClock manual_;
};

TEST_F(SnapshotKeeperTest, ACopyHasEverythingThatWasCommitted) {
  const Digest pushed = push_manifest("team/app", R"({"schemaVersion":2})", "v1");
  SnapshotKeeper one = keeper();
  const std::string path = run_task(one.make());
  push_manifest("team/app", R"({"schemaVersion":2,"later":1})", "v1");
  SqliteSnapshot copy(path);
  EXPECT_TRUE(copy.check().empty());
  const std::vector<LinkRow> tags = copy.tags(name("team/app"), "", 10);
  ASSERT_EQ(tags.size(), 1U);
  EXPECT_EQ(tags[0].digest, pushed);
  EXPECT_EQ(copy.find_manifest(name("team/app"), pushed)->bytes.view(), R"({"schemaVersion":2})");
  EXPECT_EQ(copy.repositories("", 10).size(), 1U);
  // Reading it makes no files beside it.
  EXPECT_FALSE(std::filesystem::exists(path + "-wal"));
}

TEST_F(SnapshotKeeperTest, TheNewestStay) {
  SnapshotKeeper one = keeper(2);
  std::vector<std::string> made;
  for (int i = 0; i < 4; ++i) {
    made.push_back(run_task(one.make()));
    manual_.advance(std::chrono::hours(1));
  }
  const std::vector<KeptSnapshot> kept = good_snapshots(directory());
  ASSERT_EQ(kept.size(), 2U);
  EXPECT_EQ(kept[0].path, made[2]);
  EXPECT_EQ(kept[1].path, made[3]);
}

TEST_F(SnapshotKeeperTest, OneThatWasDamagedOrCutOffIsNone) {
  SnapshotKeeper one = keeper(5);
  const std::string good = run_task(one.make());
  manual_.advance(std::chrono::hours(1));
  const std::string damaged = run_task(one.make());
  {
    std::fstream file(damaged, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(5'000);
    file << "damage";
  }
  std::ofstream(directory() + "/29990101T000000Z.db") << "cut off";
  const std::vector<KeptSnapshot> kept = good_snapshots(directory());
  ASSERT_EQ(kept.size(), 1U);
  EXPECT_EQ(kept[0].path, good);
  manual_.advance(std::chrono::hours(1));
  run_task(one.make());
  EXPECT_FALSE(std::filesystem::exists(directory() + "/29990101T000000Z.db")) << "the next takes it away";
}

TEST_F(SnapshotKeeperTest, NothingIsACopyWhereThereIsNone) {
  EXPECT_TRUE(good_snapshots(directory()).empty());
}

}  // namespace
}  // namespace berth
