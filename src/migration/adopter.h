// Adopter: takes the metadata of a volume of CNCF Distribution over from its link files and manifests. Blobs stay where
// they are.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "async/key_lock.h"
#include "async/run_blocking.h"
#include "async/task.h"
#include "base/clock.h"
#include "content/manifest.h"
#include "metadata/adoption_store.h"
#include "metadata/link_store.h"
#include "metadata/scrub_store.h"
#include "migration/absent_content.h"
#include "observe/log.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"
#include "storage/link_tree.h"

namespace berth {

struct AdopterOptions {
  std::chrono::seconds grace{24 * 3600};  ///< until the collector looks at what nothing seems to use
  std::uint64_t manifest_bytes = 4 * 1024 * 1024;
  ManifestLimits manifests = {};
  bool is_verifying = false;    ///< reads the bytes of each blob, not only of those whose size is odd
  bool uses_trash = false;      ///< what the tree has no longer can be brought back (merge)
  std::size_t batch_size = 64;  ///< manifests, tags or links of one transaction
  std::chrono::milliseconds digest_lock_wait{30'000};
};

struct AdoptionRun {
  AdoptionKind kind = AdoptionKind::first;
  WallTime began;                          ///< what is younger in the tree, somebody else wrote
  std::function<bool()> should_stop = {};  ///< asked between two pieces
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress = {};  ///< repositories
};

/// Threading: on one loop; repositories may be read side by side there, each once at a time.
/// Failures:  throws what the stores throw; the next run goes on where it was.
/// Crash:     what is on record stays, and a repository that was not read to its end is read again.
class Adopter {
 public:
  /// Lifetime: all of it outlives the adopter.
  struct World {
    LinkTree& tree;
    BlobFiles& files;
    BlobStore& blobs;
    AdoptionStore& store;
    LinkStore* links = nullptr;   ///< needed to merge
    ScrubStore* scrub = nullptr;  ///< null: a blob that was missing stays so
    KeyLock& digest_locks;
    BlockingPool& disk;
    const Clock& clock;
    Log& log;
  };
  Adopter(World world, AdopterOptions options);

  /// All repositories that are not read yet, then what belongs to none. False if it was stopped before its end.
  Task<bool> run(AdoptionRun run);

  enum class Again : std::uint8_t { no, yes };
  /// One repository, unless it was read already. Waits for whoever is reading it.
  Task<> adopt_repository(std::string name, AdoptionKind kind, Again again = Again::no);

 private:
  /// A repository that is being read.
  struct Reading;
  struct NamePage;

  Task<bool> begin_reading(const std::string& name);
  Task<> read_repository(std::string name, AdoptionKind kind);
  Task<> read_repositories(const AdoptionRun& run, NamePage& page);
  Task<std::uint64_t> count_repositories(const AdoptionRun& run);
  Task<> read_revisions(Reading& reading);
  Task<> read_manifests(Reading& reading, std::vector<Digest> digests, std::map<Digest, WallTime> pushed);
  Task<> read_layers(Reading& reading);
  Task<> forget_gone(Reading& reading, std::vector<Digest> gone);
  Task<> read_tags(Reading& reading);
  Task<> read_uploads(Reading& reading);
  AbsentContentRemover absent_content() const;
  Task<> read_unnamed_repositories(const AdoptionRun& run);
  Task<AdoptionCounts> read_unlinked(const AdoptionRun& run);
  Task<> read_changed_again(const AdoptionRun& run);
  Task<std::vector<AdoptedBlob>> look_at_blobs(Reading& reading, std::map<Digest, std::optional<std::uint64_t>> said);
  Task<std::optional<AdoptedBlob>> keep_bad_blob(Reading& reading, Digest digest, std::string why);
  Task<> adopt(Reading& reading, AdoptContent content);
  Task<> heal(Digest digest);
  void note(Reading& reading, ProblemKind kind, std::string item, std::string what);
  Task<> tell(Reading& reading);
  bool should_stop(const AdoptionRun& run) const { return run.should_stop && run.should_stop(); }

  // Fixed after construction.
  const World world_;
  const AdopterOptions options_;
  // Loop only.
  std::set<std::string> in_progress_;
};

}  // namespace berth
