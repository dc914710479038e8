// TransferDesk: images that people bring in from elsewhere (an OCI layout, a backup, another registry) or take out into
// an OCI layout, one transfer at a time.
#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "async/run_blocking.h"
#include "async/task.h"
#include "base/result.h"
#include "content/reference.h"
#include "metadata/metadata_store.h"
#include "migration/backup_desk.h"
#include "migration/content_importer.h"
#include "migration/oci_layout.h"
#include "migration/remote_registry.h"
#include "observe/log.h"
#include "storage/blob_store.h"

namespace berth {

struct LayoutPlace {
  std::string directory;
};
struct BackupPlace {
  std::string directory;
  std::optional<std::string> name = {};  ///< nothing: the newest
};

struct ImportOrder {
  std::variant<LayoutPlace, BackupPlace, RemoteRegistryOptions> from;
  /// Which repositories, as they are called there; a `*` stands for anything. Empty: all.
  std::string pattern = {};
  std::optional<RepositoryName> to = {};  ///< of the only one
  std::string prefix = {};                ///< before the names of many: "mirror/"
  std::vector<Tag> tags = {};             ///< empty: all
  /// The one image that is brought in then gets it: the one that has the only tag of `tags`, or this tag, or no other.
  std::optional<Tag> as_tag = {};
  bool with_referrers = true;
  bool keeps_tags = false;
  std::size_t parallel = 4;
  std::string who = {};
};

struct ExportOrder {
  std::string directory;
  struct Image {
    RepositoryName repository;
    Reference reference;
    std::string name;  ///< in the layout
  };
  std::vector<Image> images;
};

struct TransferView {
  std::uint64_t run = 0;
  bool is_running = false;
  std::string failure = {};  ///< why it ended early
  ImportReport report = {};
  std::uint64_t repositories_total = 0;  ///< 0: not known yet
  std::uint64_t first = 0;               ///< number of the first failure below
  std::vector<std::string> failures = {};
};

/// Whether a name fits a pattern in which `*` stands for anything.
bool fits_pattern(std::string_view pattern, std::string_view name);

/// Threading: any thread where nothing else is said. Lifetime: outlives the loop; the loop ends after stop().
class TransferDesk {
 public:
  struct Parts {
    ContentImporter& importer;
    MetadataStore& metadata;
    BlobStore& blobs;
    BackupDesk::OpenSnapshot open_snapshot;
    BlockingPool& disk;
    Log& log;
    ManifestLimits manifests = {};
  };
  TransferDesk(boost::asio::any_io_executor loop, Parts parts);

  /// Refused: conflict (one is under way), overloaded.
  Result<std::uint64_t> start(ImportOrder order);
  Result<std::uint64_t> start(ExportOrder order);
  /// The latest, with failures from number `from` on; nothing if it has another number.
  std::optional<TransferView> look(std::uint64_t run, std::uint64_t from);
  void stop() { is_stopping_ = true; }

 private:
  Result<std::uint64_t> begin(std::function<Task<>()> work);
  Task<> run(std::function<Task<>()> work);
  Task<> bring_in(ImportOrder order);
  Task<std::unique_ptr<ContentSource>> open(const ImportOrder& order);
  Task<> take_out(ExportOrder order);
  Task<> take_manifest(OciLayoutWriter& layout, RepositoryName repository, ManifestRecord record);

  // Fixed after construction.
  const boost::asio::any_io_executor loop_;
  const Parts parts_;
  // Any thread.
  std::atomic<bool> is_stopping_{false};
  // Guarded by mutex_.
  std::mutex mutex_;
  TransferView view_;
};

}  // namespace berth
