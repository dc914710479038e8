// Every acknowledged write is there after kill -9 of the process that made it.
#include <fmt/format.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "base/unique_fd.h"
#include "metadata/sqlite/store_fixture.h"

namespace berth {
namespace {

struct Acknowledged {
  std::int32_t writer = 0;
  std::int32_t number = 0;
};

std::string image_of(const Acknowledged& ack) { return fmt::format("writer {} image {}", ack.writer, ack.number); }
std::string layer_of(const Acknowledged& ack) { return fmt::format("writer {} layer {}", ack.writer, ack.number); }
std::string repository_of(const Acknowledged& ack) { return fmt::format("r{}", ack.writer); }

Task<> push_without_end(SqliteMetadataStore& store, Acknowledged next, int report) {
  for (;; ++next.number) {
    PutManifest put = plain_manifest(repository_of(next), image_of(next), "latest");
    const std::string layer = layer_of(next);
    co_await store.commit_blob(CommitBlob{put.repository, digest_of_text(layer), layer.size(), std::nullopt, put.now,
                                          put.now, put.now});
    put.references.push_back({.kind = ReferenceKind::layer, .digest = digest_of_text(layer), .size_bytes = layer.size()});
    const PutManifestOutcome outcome = co_await store.put_manifest(std::move(put));
    // Smaller than PIPE_BUF: whole or not at all.
    if (!std::holds_alternative<ManifestPut>(outcome) || ::write(report, &next, sizeof next) != sizeof next) ::_exit(2);
  }
}

class SqliteCrash : public SqliteStoreTest {
 protected:
  /// Starts a process that pushes, kills it after `count` acknowledgements, and returns all that it gave.
  std::vector<Acknowledged> push_and_kill(int first_number, std::size_t count) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("pipe");
    const pid_t child = ::fork();
    if (child == 0) {
      ::close(ends[0]);
      run_child(first_number, ends[1]);
    }
    ::close(ends[1]);
    const UniqueFd report(ends[0]);
    std::vector<Acknowledged> acknowledged;
    Acknowledged ack;
    while (::read(report.get(), &ack, sizeof ack) == sizeof ack) {
      acknowledged.push_back(ack);
      if (acknowledged.size() == count) ::kill(child, SIGKILL);
    }
    int status = 0;
    ::waitpid(child, &status, 0);
    EXPECT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    return acknowledged;
  }

 private:
  [[noreturn]] void run_child(int first_number, int report) {
    try {
      SqliteOptions small_log = options();
      small_log.wal_limit_bytes = 256U << 10;  // so that kills also meet checkpoints
      SqliteMetadataStore store(small_log);
      std::vector<Task<>> tasks;
      for (int writer = 0; writer < 4; ++writer) tasks.push_back(push_without_end(store, {writer, first_number}, report));
      run_together(std::move(tasks));
    } catch (...) {
    }
    ::_exit(1);
  }
};

}  // namespace

TEST_F(SqliteCrash, KeepsEveryAcknowledgedPushOverKill) {
  std::vector<Acknowledged> all;
  for (int round = 0; round < 5; ++round) {
    const std::vector<Acknowledged> acknowledged = push_and_kill(round * 100'000, 60);
    ASSERT_GE(acknowledged.size(), 60U);
    all.insert(all.end(), acknowledged.begin(), acknowledged.end());

    SqliteMetadataStore store(options());
    EXPECT_TRUE(run_task(store.check_integrity()).empty());
    for (const Acknowledged& ack : all) {
      const RepositoryName repository = RepositoryName::parse(repository_of(ack)).value();
      const std::optional<ManifestRecord> found = run_task(store.find_manifest(repository, digest_of_text(image_of(ack))));
      ASSERT_TRUE(found) << image_of(ack);
      EXPECT_EQ(found->bytes.view(), image_of(ack));
      EXPECT_TRUE(run_task(store.find_blob(repository, digest_of_text(layer_of(ack)))));
    }
    for (int writer = 0; writer < 4; ++writer) {
      // The tag names the last acknowledged image of its writer, or the one whose push was in flight.
      int last = -1;
      for (const Acknowledged& ack : acknowledged) {
        if (ack.writer == writer) last = std::max(last, ack.number);
      }
      if (last < 0) continue;
      const std::optional<ManifestRecord> tagged = run_task(
          store.find_tagged_manifest(RepositoryName::parse(repository_of({writer, 0})).value(), Tag::parse("latest").value()));
      ASSERT_TRUE(tagged);
      const bool is_last = tagged->bytes.view() == image_of({writer, last});
      const bool is_in_flight = tagged->bytes.view() == image_of({writer, last + 1});
      EXPECT_TRUE(is_last || is_in_flight) << tagged->bytes.view() << ", last acknowledged " << last;
    }
  }
}

TEST_F(SqliteCrash, OpensTheFilesOfAnAbandonedRunAfterEachWrite) {
  SqliteMetadataStore store(options());
  for (int i = 0; i < 20; ++i) {
    run_task(store.put_manifest(plain_manifest("a", fmt::format("image {}", i), "latest")));
    const std::filesystem::path image = directory() / fmt::format("image{}", i);
    std::filesystem::create_directory(image);
    for (const char* name : {"metadata.db", "metadata.db-wal"}) {
      std::filesystem::copy_file(directory() / name, image / name);
    }
    SqliteMetadataStore reopened({.path = image / "metadata.db"});
    const auto found = run_task(
        reopened.find_tagged_manifest(RepositoryName::parse("a").value(), Tag::parse("latest").value()));
    ASSERT_TRUE(found);
    EXPECT_EQ(found->bytes.view(), fmt::format("image {}", i));
  }
}

}  // namespace berth
