// LinkExporter: makes Distribution's link tree what the metadata says, so that registry:2 or registry:3 serve the
// volume. LinkWriter: keeps it so, from the queue that every change goes into.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "async/key_lock.h"
#include "async/task.h"
#include "base/clock.h"
#include "metadata/adoption_store.h"
#include "metadata/link_store.h"
#include "metadata/scrub_store.h"
#include "observe/log.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"
#include "storage/link_tree.h"

namespace berth {

struct LinkExporterOptions {
  std::size_t batch_size = 256;
  std::chrono::milliseconds digest_lock_wait{30'000};
};

struct ExportReport {
  std::uint64_t repositories = 0;
  std::uint64_t links = 0;    ///< that the tree has to have, tags counted once
  std::uint64_t written = 0;  ///< that were not there or said something else; `compare`: that would be
  std::uint64_t removed = 0;
  bool was_stopped = false;
};

struct ExportRun {
  LinkAction action = LinkAction::write;
  std::function<bool()> should_stop = {};
  std::function<void(const std::string& what)> on_difference = {};
  std::function<void(const ExportReport& so_far)> on_progress = {};
};

/// What a link of the tree is in words: "tag team/app:v1".
std::string describe(const WantedLink& wanted);

/// Threading: one loop, one call at a time.
/// Failures:  throws what the stores throw; doing it again goes on where it was.
class LinkExporter {
 public:
  /// Lifetime: all of it outlives the exporter.
  struct World {
    LinkTree& tree;
    LinkStore& links;
    AdoptionStore& adoption;
    ScrubStore& scrub;
    BlobFiles& files;
    BlobStore& blobs;
    KeyLock& digest_locks;
    const Clock& clock;
    Log& log;
    std::function<Task<>()> copy_manifests;  ///< puts those among the blobs that wait for it
  };
  LinkExporter(World world, LinkExporterOptions options);

  /// The whole tree. What could not be adopted stays as it lies there.
  Task<ExportReport> run(ExportRun run);

  /// All that waits in the queue.
  Task<> write_queue_to_end();
  /// What waits in the queue. How many links were finished.
  Task<std::size_t> write_queue(std::function<bool()> should_stop);

 private:
  struct Export;

  Task<> export_repository(Export& to, RepositoryName name);
  Task<> export_layers(Export& to);
  Task<> export_layers_of(Export& to, RepositoryName name);
  Task<> remove_unknown(Export& to);
  Task<> remove_unknown_of(Export& to, std::string name);
  Task<> apply(Export& to, std::vector<WantedLink> wanted);
  Task<> put_missing_copies(Export& to, std::vector<Digest> digests);
  Task<> load_problems(Export& to);

  const World world_;
  const LinkExporterOptions options_;
};

}  // namespace berth
