// The stores that a configuration asks for, opened, locked and known to belong together.
#pragma once

#include <memory>
#include <string>

#include "async/run_blocking.h"
#include "base/clock.h"
#include "base/entropy.h"
#include "metadata/account_store.h"
#include "metadata/adoption_store.h"
#include "metadata/collection_store.h"
#include "metadata/job_store.h"
#include "metadata/link_store.h"
#include "metadata/metadata_store.h"
#include "metadata/pin_store.h"
#include "metadata/repository_store.h"
#include "metadata/retention_store.h"
#include "metadata/scrub_store.h"
#include "metadata/snapshot_store.h"
#include "metadata/trash_store.h"
#include "metadata/usage_store.h"
#include "observe/log.h"
#include "observe/metrics.h"
#include "server/config.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"
#include "storage/blob_uploads.h"
#include "storage/link_tree.h"

namespace berth {

/// Lifetime: outlives everything that uses the stores; destroyed after the loops have ended.
class OpenStores {
 public:
  virtual ~OpenStores() = default;
  virtual BlobStore& blobs() = 0;
  virtual BlobFiles& files() = 0;
  virtual BlobUploads& uploads() = 0;
  virtual MetadataStore& metadata() = 0;
  virtual AccountStore& accounts() = 0;
  virtual CollectionStore& collection() = 0;
  virtual TrashStore& trash() = 0;
  virtual RepositoryStore& repositories() = 0;
  virtual ScrubStore& scrub() = 0;
  virtual RetentionStore& retention() = 0;
  virtual JobStore& jobs() = 0;
  virtual PinStore& pins() = 0;
  /// What a volume of Distribution is taken over and handed back with; null if nothing is on disk.
  virtual AdoptionStore* adoption() = 0;
  virtual LinkStore* links() = 0;
  virtual LinkTree* link_tree() = 0;
  /// What copies of the metadata are made with; null if nothing is on disk.
  virtual SnapshotStore* snapshots() = 0;
  /// The scopes of the configured quotas are kept.
  virtual UsageStore& usage() = 0;
  /// The pool for work that blocks on the disk.
  virtual BlockingPool& disk() = 0;
  virtual const std::string& registry_id() const = 0;
  /// The root directory, without a slash at its end; empty if nothing is on disk.
  virtual const std::string& root() const = 0;
};

/// A copy of the metadata, opened. Blocks. Throws Failure(metadata) if it is none.
std::unique_ptr<MetadataSnapshot> open_snapshot(const std::string& path);

/// Blocks: for the start. Throws a Failure whose text is one line for the operator if the root is locked, on a network
/// file system, or the two sides do not belong together; then nothing of the root has been touched. The root of a
/// registry of Distribution is made ours: what it holds is still to be adopted.
std::unique_ptr<OpenStores> open_stores(const ServerConfig& config, const Clock& clock, Entropy& entropy, Log& log,
                                        Metrics& metrics);

}  // namespace berth
