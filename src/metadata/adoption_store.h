// AdoptionStore: what the metadata takes over from Distribution's link files, how far it has come, and what could not
// be read. While it goes on nothing is removed from the storage (data.md 6).
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "async/task.h"
#include "metadata/records.h"

namespace berth {

/// Values are stored: never renumber.
enum class AdoptionKind : std::uint8_t {
  first = 1,  ///< of a volume that was never ours: what is on record already came from pushes meanwhile, and stands
  merge = 2,  ///< of one that was handed back: where both differ the links are right, unless they wait to be written
};
enum class AdoptionState : std::uint8_t { running = 1, complete = 2 };

struct AdoptionCounts {
  std::uint64_t repositories = 0;
  std::uint64_t tags = 0;
  std::uint64_t manifests = 0;
  std::uint64_t layers = 0;    ///< links to blobs
  std::uint64_t unlinked = 0;  ///< blobs that no repository links or names
  std::uint64_t uploads = 0;   ///< unfinished ones, which are dropped
  std::uint64_t removed = 0;   ///< tags, manifests and links that are gone from the tree (merge)
  AdoptionCounts& operator+=(const AdoptionCounts& more);
  bool operator==(const AdoptionCounts&) const = default;
};

struct AdoptionRecord {
  AdoptionKind kind = AdoptionKind::first;
  AdoptionState state = AdoptionState::running;
  WallTime began;
  std::optional<WallTime> ended = {};
  AdoptionCounts counts = {};
  std::uint64_t problems = 0;
  std::uint64_t holding = 0;  ///< problems that hold back all removal
};

/// Values are stored: never renumber.
enum class ProblemKind : std::uint8_t {
  broken_link = 1,       ///< a link that names no digest
  missing_manifest = 2,  ///< its blob is not there
  damaged_manifest = 3,  ///< its blob has other bytes
  old_manifest = 4,      ///< schema 1
  invalid_manifest = 5,
  missing_blob = 6,
  damaged_blob = 7,
  invalid_name = 8,
  invalid_tag = 9,
  dangling_tag = 10,  ///< of a manifest that the repository does not have
  unfinished_upload = 11,
  changed_meanwhile = 12,  ///< somebody else writes to the volume
};
inline constexpr std::size_t kProblemKindCount = 12;

/// "broken link"
std::string_view name_of(ProblemKind kind);
/// Whether content may be lost if what nothing on record uses is removed.
bool holds_removal(ProblemKind kind);

struct AdoptionProblem {
  ProblemKind kind;
  std::string repository;   ///< as its directory is called
  std::string item;         ///< the tag, digest or upload that it is about; empty: the repository
  std::string what;         ///< in words
  std::int64_t number = 0;  ///< made by the store
};

/// A blob as its file lies there.
struct AdoptedBlob {
  Digest digest;
  std::optional<std::uint64_t> size_bytes;  ///< nothing: it is missing or damaged, and pushing it heals it
};

struct AdoptedManifest {
  Digest digest;
  std::string media_type;
  std::string artifact_type;
  std::optional<Digest> subject;
  std::map<std::string, std::string> annotations;
  SharedBytes bytes;
  std::vector<ManifestReference> references;
  WallTime pushed;
};

struct AdoptedTag {
  Tag tag;
  Digest digest;
  std::vector<TagChange> history;  ///< oldest first; the last of them made it what it is
};

/// A piece of one repository.
struct AdoptContent {
  RepositoryName repository;
  AdoptionKind kind = AdoptionKind::first;
  /// Recorded as far as the rest uses them; missing ones in any case (`merge`: if they are on record).
  std::vector<AdoptedBlob> blobs = {};
  std::vector<Digest> layers = {};  ///< linked; on record, or among `blobs`
  std::vector<AdoptedManifest> manifests = {};
  std::vector<AdoptedTag> tags = {};  ///< of manifests on record
  WallTime now;
  WallTime review_due;  ///< of what nothing seems to use
};

struct AdoptedContent {
  AdoptionCounts counts = {};              ///< what of it is on record now; `merge`: what is new there
  std::vector<std::size_t> dangling = {};  ///< tags whose manifest is not on record: indexes into `tags`
  /// Blobs on record as missing whose file lies there: indexes into `blobs`. Whoever has read their bytes and found
  /// them good says so (ScrubStore::mark_blob_found).
  std::vector<std::size_t> found = {};
};

/// Something of a repository that the tree has no link of.
struct AbsentContent {
  RepositoryName repository;
  std::vector<std::pair<Tag, Digest>> tags = {};  ///< with what they name on record
  std::vector<Digest> manifests = {};
  std::vector<Digest> layers = {};
  std::string who;
  WallTime now;
  WallTime review_due;
  bool to_trash = false;
};

/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class AdoptionStore {
 public:
  virtual ~AdoptionStore() = default;

  /// The latest of a kind; nothing: there was none.
  virtual Task<std::optional<AdoptionRecord>> adoption(AdoptionKind kind) = 0;
  /// Forgets how far an earlier one of this kind came, and with `first` its problems. Removal is held from here on.
  virtual Task<> begin_adoption(AdoptionKind kind, WallTime now) = 0;

  /// One transaction. What is there already is left as it is, so that the same again changes nothing.
  virtual Task<AdoptedContent> adopt(AdoptContent content) = 0;
  /// Blobs that no repository links: recorded and looked at by the collector at `review_due`. How many were new.
  virtual Task<std::size_t> adopt_unlinked(std::vector<AdoptedBlob> blobs, WallTime now, WallTime review_due) = 0;
  /// merge: removes what is still as it was read, and does not wait to be written into the tree. How much was removed.
  virtual Task<std::size_t> remove_absent(AbsentContent content) = 0;
  /// Those of the digests that the repository has no manifest of, in the order given; `merge`: and none that went and
  /// waits to be taken out of the tree.
  virtual Task<std::vector<Digest>> without_manifest(RepositoryName repository, AdoptionKind kind,
                                                     std::vector<Digest> digests) = 0;

  /// The repository was read to its end; `name` as its directory is called.
  virtual Task<> finish_repository(AdoptionKind kind, std::string name, AdoptionCounts counts) = 0;
  virtual Task<bool> is_finished(std::string name) = 0;
  virtual Task<> finish_adoption(AdoptionKind kind, AdoptionCounts rest, WallTime now) = 0;

  /// Kept once for each thing that has one.
  virtual Task<> note_problems(std::vector<AdoptionProblem> problems) = 0;
  /// In the order they were found, after number `after`.
  virtual Task<std::vector<AdoptionProblem>> problems(std::int64_t after, std::size_t limit) = 0;
  /// From now on nothing is held back for what could not be read. How many problems that settles.
  virtual Task<std::uint64_t> accept_losses() = 0;
};

}  // namespace berth
