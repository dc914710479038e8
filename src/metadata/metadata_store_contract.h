// The contract of MetadataStore: what every implementation must do, run by each of them (metadata_store_contract_test.cpp
// names them). The tests stand by family in *_contract_test.cpp.
#pragma once

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "metadata/metadata_store.h"
#include "tests/support/run_task.h"
#include "tests/support/temporary_directory.h"

namespace berth {

inline RepositoryName repo(std::string_view text) { return RepositoryName::parse(text).value(); }
inline Tag tag(std::string_view text) { return Tag::parse(text).value(); }
inline UploadId upload_id(std::string_view text) { return UploadId::parse(text).value(); }
inline Digest digest(std::string_view content) { return digest_of(HashAlgorithm::sha256, content); }
/// Seconds after some morning.
inline WallTime at(std::int64_t seconds) { return WallTime(std::chrono::seconds(1'700'000'000 + seconds)); }

/// A manifest whose bytes are `content`; references and tags are added by the test.
inline PutManifest manifest(std::string_view repository, std::string_view content) {
  return PutManifest{.repository = repo(repository),
                     .digest = digest(content),
                     .media_type = "application/vnd.oci.image.manifest.v1+json",
                     .artifact_type = "application/vnd.oci.image.config.v1+json",
                     .subject = std::nullopt,
                     .annotations = {},
                     .bytes = SharedBytes(std::string(content)),
                     .references = {},
                     .tags = {},
                     .limits = {},
                     .who = "alice",
                     .now = at(0),
                     .promised_until = at(100),
                     .review_due = at(200)};
}

inline PutManifest with_tags(PutManifest put, const std::vector<std::string>& names) {
  for (const std::string& name : names) put.tags.push_back(tag(name));
  return put;
}

inline PutManifest with_reference(PutManifest put, ReferenceKind kind, std::string_view content) {
  put.references.push_back({.kind = kind, .digest = digest(content), .size_bytes = content.size()});
  return put;
}

inline PutManifest with_subject(PutManifest put, std::string_view content, std::string_view artifact_type) {
  put.subject = digest(content);
  put.artifact_type = artifact_type;
  return put;
}

inline CommitBlob blob(std::string_view repository, std::string_view content) {
  return CommitBlob{.repository = repo(repository),
                    .digest = digest(content),
                    .size_bytes = content.size(),
                    .upload = std::nullopt,
                    .now = at(0),
                    .promised_until = at(100),
                    .review_due = at(200)};
}

inline UploadRecord upload(std::string_view id, std::string_view repository, WallTime started = at(0)) {
  return UploadRecord{.id = upload_id(id),
                      .repository = repo(repository),
                      .owner = "first",
                      .generation = 1,
                      .started = started,
                      .last_active = started,
                      .progress = {},
                      .expected = std::nullopt};
}

inline DeleteManifest deletion(std::string_view repository, std::string_view content) {
  return DeleteManifest{repo(repository), digest(content), "bob", at(10), at(300)};
}

inline DeleteTag tag_deletion(std::string_view repository, std::string_view name) {
  return DeleteTag{repo(repository), tag(name), {}, "bob", at(10), at(300)};
}

struct StoreFactory {
  std::string name;
  /// Makes an empty store; `directory` is an empty directory of its own.
  std::unique_ptr<MetadataStore> (*make)(const std::filesystem::path& directory);
};

class MetadataStoreContract : public testing::TestWithParam<StoreFactory> {
 protected:
  MetadataStore& store() { return *store_; }

  /// One review, if there is one for this.
  std::optional<WallTime> review_of(ReviewKind kind, const std::optional<RepositoryName>& repository, const Digest& of) {
    for (const Review& review : run_task(store().due_reviews(at(1'000'000), 1'000'000))) {
      if (review.kind == kind && review.repository == repository && review.digest == of) return review.due;
    }
    return std::nullopt;
  }

  bool was_put(PutManifest put) { return std::holds_alternative<ManifestPut>(run_task(store().put_manifest(std::move(put)))); }
  void commit(CommitBlob to_commit) { run_task(store().commit_blob(std::move(to_commit))); }

  /// Runs two tasks at the same time, each on a loop and thread of its own.
  template <class A, class B>
  static std::pair<A, B> race(Task<A> first, Task<B> second) {
    std::atomic<int> ready{0};
    const auto meet = [&ready] {
      ++ready;
      while (ready < 2) std::this_thread::yield();
    };
    std::optional<A> a;
    std::optional<B> b;
    std::thread other([&] {
      meet();
      b = run_task(std::move(second));
    });
    meet();
    a = run_task(std::move(first));
    other.join();
    return {std::move(*a), std::move(*b)};
  }

 private:
  TemporaryDirectory directory_;
  std::unique_ptr<MetadataStore> store_ = GetParam().make(directory_.path());
};

}  // namespace berth
