// What the tests of the SqliteMetadataStore share: a directory, and a load of many tasks.
#pragma once

#include <gtest/gtest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <filesystem>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "metadata/sqlite/sqlite_metadata_store.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth {

inline Digest digest_of_text(std::string_view content) {
  return digest_of(HashAlgorithm::sha256, content);
}

inline PutManifest plain_manifest(std::string_view repository, std::string content, std::string_view tag = {}) {
  const WallTime now(std::chrono::seconds(1'700'000'000));
  PutManifest put{.repository = RepositoryName::parse(repository).value(),
                  .digest = digest_of_text(content),
                  .media_type = "application/vnd.oci.image.manifest.v1+json",
                  .artifact_type = "",
                  .subject = std::nullopt,
                  .annotations = {},
                  .bytes = SharedBytes(std::move(content)),
                  .references = {},
                  .tags = {},
                  .limits = {},
                  .who = "",
                  .now = now,
                  .promised_until = now,
                  .review_due = now};
  if (!tag.empty()) put.tags.push_back(Tag::parse(tag).value());
  return put;
}

class SqliteStoreTest : public testing::Test {
 protected:
  const std::filesystem::path& directory() const { return directory_.path(); }
  std::string path() const { return directory_.file("metadata.db"); }
  SqliteOptions options() const { return {.path = path()}; }

  /// Runs the tasks side by side on one loop; rethrows the first exception.
  static void run_together(std::vector<Task<>> tasks) {
    boost::asio::io_context loop(1);
    std::exception_ptr first;
    for (Task<>& task : tasks) {
      boost::asio::co_spawn(loop, std::move(task), [&first](const std::exception_ptr& error) {
        if (error && !first) first = error;
      });
    }
    loop.run();
    if (first) std::rethrow_exception(first);
  }

 private:
  TemporaryDirectory directory_;
};

}  // namespace berth
