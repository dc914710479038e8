// RegistryInMemory: the rules over storage and metadata in memory, with faults on demand and a clock that stands still.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>

#include "async/key_lock.h"
#include "async/run_blocking.h"
#include "base/entropy.h"
#include "content/digest.h"
#include "metadata/change_counting_store.h"
#include "metadata/change_numbers.h"
#include "metadata/memory/memory_metadata_store.h"
#include "observe/log.h"
#include "registry/registry.h"
#include "storage/memory/memory_storage.h"
#include "tests/support/faulty_blob_store.h"
#include "tests/support/manual_clock.h"
#include "tests/support/memory_reader.h"
#include "tests/support/read_all.h"
#include "tests/support/run_task.h"

namespace berth {

inline RepositoryName repository(const std::string& text) {
  return RepositoryName::parse(text).value();
}
inline Tag tag(const std::string& text) {
  return Tag::parse(text).value();
}
inline Digest sha256_of(std::string_view bytes) {
  return digest_of(HashAlgorithm::sha256, bytes);
}
inline Digest sha512_of(std::string_view bytes) {
  return digest_of(HashAlgorithm::sha512, bytes);
}

/// For tasks that run on a loop beside others: the value lands in `result`.
template <class T>
Task<> keep_result(Task<T> task, std::optional<T>& result) {
  T value = co_await std::move(task);
  result.emplace(std::move(value));
}

inline TagPrecondition must_name(const Digest& digest) {
  TagPrecondition condition;
  condition.if_match = {digest};
  return condition;
}
inline TagPrecondition must_be_new() {
  TagPrecondition condition;
  condition.if_none_match_any = true;
  return condition;
}

class RegistryInMemory {
 public:
  explicit RegistryInMemory(RegistryPolicy with = {}, std::uint64_t capacity_bytes = std::uint64_t{1} << 30U)
      : storage(clock, {.capacity_bytes = capacity_bytes}),
        blobs(storage.blobs(), 1),
        uploads(storage.uploads(), 1),
        policy(std::move(with)) {
    run_task(metadata.keep_scopes(policy.quotas.scopes()));
    restart();
  }

  /// What a new process sees: the stores as they are, nothing else.
  void restart() {
    registry.reset();
    registry = std::make_unique<Registry>(RegistryWorld{.stores = stores(),
                                                        .locks = {.digests = digest_locks, .uploads = upload_locks},
                                                        .disk = disk,
                                                        .clock = clock,
                                                        .entropy = entropy,
                                                        .log = *log,
                                                        .instance_id = "instance-" + std::to_string(++starts),
                                                        .usage = &metadata},
                                          policy);
  }

  Stores stores() { return {.blobs = blobs, .uploads = uploads, .metadata = counted}; }
  Registry& operator*() { return *registry; }
  Registry* operator->() { return registry.get(); }

  // --- in words ---------------------------------------------------------------------------------------------------
  UploadId start(const std::string& name, HashAlgorithm algorithm = HashAlgorithm::sha256) {
    return run_task(registry->start_upload.start(repository(name), algorithm)).value().id;
  }
  Result<UploadStatus> append(const std::string& name, const UploadId& id, const std::string& bytes,
                              std::optional<std::uint64_t> offset = {}) {
    MemoryReader reader(bytes);
    return run_task(registry->upload_blob.append(repository(name), id,
                                                 {.reader = reader, .length_bytes = bytes.size(), .offset = offset}));
  }
  Result<Digest> finish(const std::string& name, const UploadId& id, const Digest& digest,
                        const std::string& bytes = {}, std::optional<std::uint64_t> offset = {}) {
    MemoryReader reader(bytes);
    return run_task(registry->upload_blob.finish(repository(name), id, digest,
                                                 {.reader = reader, .length_bytes = bytes.size(), .offset = offset}));
  }
  Result<Digest> push(const std::string& name, const std::string& bytes, const Digest& digest) {
    MemoryReader reader(bytes);
    return run_task(registry->upload_blob.push(repository(name), digest,
                                               {.reader = reader, .length_bytes = bytes.size(), .offset = {}}));
  }
  Digest push(const std::string& name, const std::string& bytes) { return push(name, bytes, sha256_of(bytes)).value(); }
  bool has(const std::string& name, const Digest& digest) {
    return run_task(registry->pull_blob.find(repository(name), digest)).has_value();
  }
  /// The blob's bytes, or nothing.
  std::optional<std::string> pull(const std::string& name, const Digest& digest) {
    const Result<PulledBlob> blob = run_task(registry->pull_blob.open(repository(name), digest, 0));
    if (!blob) return std::nullopt;
    return read_all(blob->bytes);
  }
  /// An image manifest whose config and layers are pushed.
  std::string image(const std::string& name, const std::string& content) {
    const std::string config = "{\"config\":\"" + content + "\"}";
    return image_of(push(name, config), config.size(), push(name, content), content.size());
  }
  static std::string image_of(const Digest& config, std::size_t config_bytes, const Digest& layer,
                              std::size_t layer_bytes, const std::string& more = {}) {
    return R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
           R"("config":{"mediaType":"application/vnd.oci.image.config.v1+json","digest":")" +
           config.to_string() + R"(","size":)" + std::to_string(config_bytes) +
           R"(},"layers":[{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":")" + layer.to_string() +
           R"(","size":)" + std::to_string(layer_bytes) + "}]" + more + "}";
  }
  Result<PushedManifest> put(const std::string& name, const Reference& reference, const std::string& bytes,
                             TagPrecondition precondition = {}, std::vector<Tag> more_tags = {}) {
    return run_task(registry->push_manifest.push({.repository = repository(name),
                                                  .reference = reference,
                                                  .more_tags = std::move(more_tags),
                                                  .content_type = "",
                                                  .bytes = bytes,
                                                  .precondition = std::move(precondition)}));
  }
  std::size_t upload_file_count() { return run_task(storage.uploads().list(std::nullopt, 1000)).size(); }

  ManualClock clock;
  MemoryStorage storage;
  FaultyBlobStore blobs;
  FaultyBlobUploads uploads;
  MemoryMetadataStore metadata;
  ChangeNumbers changes;
  ChangeCountingStore counted{metadata, changes};
  KeyLock digest_locks;
  KeyLock upload_locks;
  BlockingPool disk{"disk", 1, 64};
  SystemEntropy entropy;
  std::unique_ptr<Log> log = make_silent_log();
  RegistryPolicy policy;
  int starts = 0;
  std::unique_ptr<Registry> registry;
};

}  // namespace berth
