// Pushes and reads a second of the SqliteMetadataStore: `metadata_bench DIRECTORY`. A push here is one put_manifest of a
// 2 KiB manifest with 8 references and a tag, as in the measurements that the design rests on.
#include <fmt/format.h>
#include <sys/resource.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "metadata/sqlite/sqlite_metadata_store.h"

namespace berth {
namespace {

constexpr int kBlobs = 8;

PutManifest make_manifest(const std::string& repository, int number) {
  std::string content = fmt::format("{} {} ", repository, number);
  content.resize(2'048, 'x');
  const WallTime now(std::chrono::seconds(1'700'000'000));
  PutManifest put{.repository = RepositoryName::parse(repository).value(),
                  .digest = digest_of(HashAlgorithm::sha256, content),
                  .media_type = "application/vnd.oci.image.manifest.v1+json",
                  .artifact_type = "application/vnd.oci.image.config.v1+json",
                  .subject = std::nullopt,
                  .annotations = {},
                  .bytes = SharedBytes(std::move(content)),
                  .references = {},
                  .tags = {Tag::parse(fmt::format("t{}", number % 100)).value()},
                  .limits = {},
                  .who = "bench",
                  .now = now,
                  .promised_until = now,
                  .review_due = now};
  for (int i = 0; i < kBlobs; ++i) {
    const std::string layer = fmt::format("layer {}", i);
    put.references.push_back({.kind = ReferenceKind::layer,
                              .digest = digest_of(HashAlgorithm::sha256, layer),
                              .size_bytes = layer.size()});
  }
  return put;
}

Task<> push(SqliteMetadataStore& store, int client, int count) {
  const std::string repository = fmt::format("bench/{}", client);
  for (const ManifestReference& reference : make_manifest(repository, 0).references) {
    co_await store.commit_blob(CommitBlob{RepositoryName::parse(repository).value(), reference.digest, reference.size_bytes,
                                          std::nullopt, {}, {}, {}});
  }
  for (int i = 0; i < count; ++i) co_await store.put_manifest(make_manifest(repository, i));
}

Task<> pull(SqliteMetadataStore& store, int client, int count) {
  const RepositoryName repository = RepositoryName::parse(fmt::format("bench/{}", client)).value();
  for (int i = 0; i < count; ++i) {
    co_await store.find_tagged_manifest(repository, Tag::parse(fmt::format("t{}", i % 100)).value());
  }
}

double cpu_seconds() {
  rusage used{};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

struct Times {
  double wall;
  double cpu;
};

Times times_of(int threads, int clients, const std::function<Task<>(int)>& make) {
  const auto start = std::chrono::steady_clock::now();
  const double cpu_start = cpu_seconds();
  std::vector<std::thread> loops;
  for (int t = 0; t < threads; ++t) {
    loops.emplace_back([&, t] {
      boost::asio::io_context loop(1);
      for (int c = t; c < clients; c += threads) {
        boost::asio::co_spawn(loop, make(c), [](std::exception_ptr error) {
          if (error) std::rethrow_exception(error);  // ends the program: figures of a failed run mean nothing
        });
      }
      loop.run();
    });
  }
  for (std::thread& loop : loops) loop.join();
  return {std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count(), cpu_seconds() - cpu_start};
}

void run(const std::string& directory) {
  SqliteMetadataStore store({.path = directory + "/bench.db"});
  for (const int clients : {1, 8, 64}) {
    const int count = clients == 1 ? 2'000 : 40'000 / clients;
    const Times times = times_of(1, clients, [&](int c) { return push(store, clients * 1'000 + c, count); });
    const SqliteStats stats = store.stats();
    fmt::print("put_manifest, {:3} clients: {:8.0f}/s, {:5.1f} us CPU each   (log {} KiB, {} restarts, {} commits)\n", clients,
               clients * count / times.wall, times.cpu / clients / count * 1e6, stats.wal_bytes / 1024, stats.wal_restarts, stats.commits);
  }
  for (const int clients : {2, 16, 64}) {
    const int count = 200'000 / clients;
    const Times times = times_of(2, clients, [&](int c) { return pull(store, 64'000 + c, count); });
    fmt::print("find_tagged_manifest, 2 loops, {:3} clients: {:8.0f}/s, {:5.1f} us CPU each\n", clients, clients * count / times.wall,
               times.cpu / clients / count * 1e6);
  }
}

}  // namespace
}  // namespace berth

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fputs("usage: metadata_bench DIRECTORY\n", stderr);
    return 2;
  }
  berth::run(argv[1]);
}
