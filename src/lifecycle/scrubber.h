// Scrubber: reads the stored bytes again and compares files and records both ways, beside pushes. What is damaged is
// moved aside and answers 404, so that the next push of it heals.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "async/key_lock.h"
#include "async/run_blocking.h"
#include "async/task.h"
#include "base/clock.h"
#include "metadata/metadata_store.h"
#include "metadata/scrub_store.h"
#include "observe/log.h"
#include "registry/read_only_mode.h"
#include "storage/blob_files.h"
#include "storage/blob_store.h"

namespace berth {

/// What it works with. Lifetime: all of it outlives the scrubber.
struct ScrubWorld {
  BlobStore& blobs;
  BlobFiles& files;
  MetadataStore& metadata;
  ScrubStore& scrub;
  KeyLock& digest_locks;
  BlockingPool& disk;
  const Clock& clock;
  Log& log;
};

struct ScrubberOptions {
  const ReadOnlyMode* read_only = nullptr;  ///< while it is on nothing is changed, whatever is found. Null: never
  std::chrono::seconds grace{24 * 3600};    ///< how long a file without a record is left alone
  /// Asked before a file goes that is on no record; unset: it may.
  std::function<bool()> may_remove = {};
  std::size_t page_size = 256;         ///< blobs and files that are listed at once
  std::size_t piece_bytes = 4U << 20;  ///< read and hashed by one job of the disk pool
  std::size_t image_limit = 20;        ///< named with one finding
  std::chrono::milliseconds digest_lock_wait{10'000};
};

enum class ScrubDepth : std::uint8_t {
  bytes,  ///< every byte is read and hashed
  sizes,  ///< is it there, and as long as it should be
};

enum class FindingKind : std::uint8_t {
  damaged,       ///< the bytes are not those of the digest
  missing,       ///< a blob is on record and its bytes are not served
  unreadable,    ///< the disk does not give the bytes
  orphan,        ///< a file of a blob that is not on record
  unknown_file,  ///< a file or directory where none of Berth's belongs; never touched
};
inline constexpr std::size_t kFindingKindCount = 5;
std::string_view name_of(FindingKind kind);

struct Finding {
  FindingKind kind;
  std::optional<Digest> digest = {};
  std::string path = {};         ///< below the root: of the file; of a damaged one that was moved, where it is now
  std::uint64_t size_bytes = 0;  ///< as it should be; of an orphan: as it is
  std::string what = {};         ///< for people
  AffectedImages images = {};
  bool is_mended = false;  ///< nothing is left to do
};

struct ScrubReport {
  std::size_t blobs_total = 0;  ///< to look at
  std::uint64_t bytes_total = 0;
  std::size_t blobs = 0;  ///< looked at
  std::uint64_t bytes = 0;
  std::size_t files = 0;     ///< seen below the directory of blobs
  std::size_t standing = 0;  ///< findings that somebody has to do something about
  std::size_t mended = 0;    ///< findings that are done with
  std::size_t skipped = 0;   ///< blobs that were in use all the time
  bool was_stopped = false;
};

struct ScrubRequest {
  ScrubDepth depth = ScrubDepth::bytes;
  bool is_repair = false;
  std::uint64_t bytes_per_second = 0;  ///< 0: as fast as it can
  /// Only blobs that were last verified before, the longest ago first. Nothing: all of them.
  std::optional<WallTime> verified_before = {};
  bool walks_files = true;                                   ///< looks for files without a record, too
  std::function<void(const Finding&)> on_finding = {};       ///< quick; on the run's loop
  std::function<void(const ScrubReport&)> on_progress = {};  ///< quick; on the run's loop
  std::function<bool()> should_stop = {};                    ///< asked between two pieces
};

/// Threading: one run at a time, on one loop.
/// Failures:  a run throws what the metadata store throws, and Failure(storage) if the volume is not the one it should
///            be. A blob that cannot be read is a finding.
/// Crash:     what was found and not written is found again.
class Scrubber {
 public:
  Scrubber(ScrubWorld world, ScrubberOptions options);

  Task<ScrubReport> run(ScrubRequest request);

 private:
  struct Run;
  struct Look;
  /// Under a lock that pushes wait for nobody dawdles.
  enum class Pace : std::uint8_t { kept, none };

  bool is_read_only() const { return options_.read_only != nullptr && options_.read_only->is_on(); }
  Task<> count(Run& run);
  Task<> check_blobs(Run& run);
  Task<std::vector<BlobRecord>> next_blobs(const Run& run, std::optional<BlobRecord> after);
  Task<> check_blob(Run& run, BlobRecord record);
  Task<> look_again(Run& run, Digest digest);
  Task<Look> look_at(Run& run, BlobRecord record, Pace pace);
  Task<Look> hash(Run& run, BlobRecord record, ByteSource bytes, Pace pace);
  Task<> keep_pace(Run& run);
  Task<> act_on(Run& run, BlobRecord record, Look look, Finding& finding);
  Task<bool> put_copy(BlobRecord record, Finding& finding);

  Task<> check_files(Run& run);
  Task<> check_unknown(Run& run, std::vector<Digest> digests);
  Task<std::optional<std::uint64_t>> confirm_orphan(Digest digest);
  Task<bool> remove_orphan(Digest digest);
  Task<std::set<Digest>> expected_by_uploads();

  void report(Run& run, const Finding& finding);

  const ScrubWorld world_;
  const ScrubberOptions options_;
};

}  // namespace berth
