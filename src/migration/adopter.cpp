#include "migration/adopter.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <utility>
#include <variant>

#include "async/when_both.h"
#include "base/at_end.h"
#include "migration/absent_content.h"
#include "migration/blob_hash.h"
#include "migration/stored_manifest.h"

namespace berth {
namespace {

constexpr std::size_t kNamePage = 1'000;
constexpr std::size_t kFilePage = 1'000;

Digest empty_blob() {
  return digest_of(HashAlgorithm::sha256, {});
}

/// Oldest first. The tree tells of each manifest that a tag named only when it did last.
std::vector<TagChange> history_of(const TagLinks& links, AdoptionKind kind) {
  const Digest& current = *links.current.digest;
  if (kind == AdoptionKind::merge) {
    return {{.when = links.current.modified, .who = kDistribution, .from = std::nullopt, .to = current}};
  }
  std::vector<StoredLink> named;
  for (const StoredLink& link : links.history) {
    if (link.digest && *link.digest != current) named.push_back(link);
  }
  std::ranges::sort(named, {}, &StoredLink::modified);
  std::vector<TagChange> history;
  std::optional<Digest> from;
  for (const StoredLink& link : named) {
    history.push_back({.when = link.modified, .who = {}, .from = from, .to = link.digest});
    from = link.digest;
  }
  const WallTime when =
      named.empty() ? links.current.modified : std::max(links.current.modified, named.back().modified);
  history.push_back({.when = when, .who = {}, .from = from, .to = current});
  return history;
}

}  // namespace

struct Adopter::Reading {
  const std::string name;  ///< as its directory is called
  const AdoptionKind kind;
  std::optional<RepositoryName> repository = {};
  AdoptionCounts counts = {};
  std::vector<AdoptionProblem> problems = {};  ///< not told yet

  AdoptContent piece(WallTime now, std::chrono::seconds grace) const {
    return {.repository = *repository, .kind = kind, .now = now, .review_due = now + grace};
  }
};

/// Repositories that wait for being read, and whose turn is next.
struct Adopter::NamePage {
  const std::vector<std::string>& names;
  std::uint64_t done = 0;
  std::uint64_t total = 0;
  std::size_t next = 0;
};

Adopter::Adopter(World world, AdopterOptions options) : world_(world), options_(options) {}

Task<bool> Adopter::run(AdoptionRun run) {
  const std::uint64_t total = co_await count_repositories(run);
  std::uint64_t done = 0;
  const auto walk = world_.tree.repositories();
  for (;;) {
    const std::vector<std::string> names = co_await walk->next(kNamePage);
    if (names.empty()) break;
    // Two at a time: one reads the tree while the other's records are committed.
    NamePage page{.names = names, .done = done, .total = total};
    co_await when_both(read_repositories(run, page), read_repositories(run, page));
    if (should_stop(run)) co_return false;
    done = page.done;
  }
  co_await read_changed_again(run);
  if (run.kind == AdoptionKind::merge && total > 0) {
    co_await read_unnamed_repositories(run);
    AbsentContentRemover absent = absent_content();
    co_await absent.remove_layers();
  }
  // Of a volume that comes back, what nothing names is for a check to find: not every start looks through all files.
  AdoptionCounts rest;
  if (run.kind == AdoptionKind::first) rest = co_await read_unlinked(run);
  if (should_stop(run)) co_return false;
  co_await world_.store.finish_adoption(run.kind, rest, world_.clock.now());
  co_return true;
}

Task<> Adopter::read_repositories(const AdoptionRun& run, NamePage& page) {
  while (page.next < page.names.size() && !should_stop(run)) {
    co_await adopt_repository(page.names[page.next++], run.kind);
    ++page.done;
    if (run.on_progress) run.on_progress(page.done, std::max(page.done, page.total));
  }
}

Task<std::uint64_t> Adopter::count_repositories(const AdoptionRun& run) {
  std::uint64_t count = 0;
  const auto walk = world_.tree.repositories();
  while (!should_stop(run)) {
    const std::vector<std::string> names = co_await walk->next(kNamePage);
    if (names.empty()) break;
    count += names.size();
  }
  co_return count;
}

Task<> Adopter::adopt_repository(std::string name, AdoptionKind kind, Again again) {
  if (!co_await begin_reading(name)) co_return;
  const AtEnd end([this, &name] { in_progress_.erase(name); });
  if (again == Again::no) {
    const bool is_finished = co_await world_.store.is_finished(name);
    if (is_finished) co_return;
  }
  co_await read_repository(name, kind);
}

/// False if somebody else was reading it and has ended.
Task<bool> Adopter::begin_reading(const std::string& name) {
  constexpr std::chrono::milliseconds kLook{5};
  bool has_waited = false;
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (in_progress_.contains(name)) {
    has_waited = true;
    timer.expires_after(kLook);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
  if (has_waited) co_return false;
  in_progress_.insert(name);
  co_return true;
}

Task<> Adopter::read_repository(std::string name, AdoptionKind kind) {
  Reading reading{.name = std::move(name), .kind = kind};
  reading.counts.repositories = 1;
  if (Result<RepositoryName> parsed = RepositoryName::parse(reading.name)) {
    reading.repository = *std::move(parsed);
    // In this order: a manifest says what its blobs are, a layer is in use if a manifest names it, a tag names a
    // manifest.
    co_await read_revisions(reading);
    co_await read_layers(reading);
    co_await read_tags(reading);
    co_await read_uploads(reading);
    if (kind == AdoptionKind::merge) {
      AbsentContentRemover absent = absent_content();
      reading.counts.removed += co_await absent.remove_from(*reading.repository);
    }
  } else {
    note(reading, ProblemKind::invalid_name, {}, parsed.error().message);
  }
  co_await tell(reading);
  co_await world_.store.finish_repository(reading.kind, reading.name, reading.counts);
}

Task<> Adopter::read_revisions(Reading& reading) {
  const auto walk = world_.tree.links(reading.name, LinkKind::revision);
  for (;;) {
    const std::vector<DigestLink> links = co_await walk->next(options_.batch_size);
    if (links.empty()) break;
    std::vector<Digest> digests;
    std::map<Digest, WallTime> pushed;
    for (const DigestLink& each : links) {
      const Result<Digest> place = Digest::parse(each.place);
      if (!each.link.digest) {
        note(reading, ProblemKind::broken_link, "manifest " + each.place,
             "the link of the manifest cannot be read: " + each.link.problem);
        // Where it lies says the same, and the manifest's bytes must have that digest.
        if (!place) continue;
      }
      const Digest digest = each.link.digest ? *each.link.digest : *place;
      digests.push_back(digest);
      pushed.emplace(digest, each.link.modified);
    }
    const std::size_t count = digests.size();
    std::vector<Digest> unread =
        co_await world_.store.without_manifest(*reading.repository, reading.kind, std::move(digests));
    if (reading.kind == AdoptionKind::first) reading.counts.manifests += count - unread.size();
    co_await read_manifests(reading, std::move(unread), std::move(pushed));
    co_await tell(reading);
  }
}

Task<> Adopter::read_manifests(Reading& reading, std::vector<Digest> digests, std::map<Digest, WallTime> pushed) {
  if (digests.empty()) co_return;
  std::vector<FileLook> looks = co_await world_.files.look_at(digests, options_.manifest_bytes);
  AdoptContent piece = reading.piece(world_.clock.now(), options_.grace);
  std::map<Digest, std::optional<std::uint64_t>> said;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const std::string item = digests[i].to_string();
    if (!looks[i].size_bytes) {
      note(reading, ProblemKind::missing_manifest, item, "the repository links it, and its blob is not there");
      continue;
    }
    if (*looks[i].size_bytes > options_.manifest_bytes) {
      note(reading, ProblemKind::invalid_manifest, item,
           fmt::format("it has {} bytes, and a manifest at most {}", *looks[i].size_bytes, options_.manifest_bytes));
      continue;
    }
    auto read = read_stored_manifest(digests[i], std::move(looks[i].bytes), options_.manifests);
    if (const auto* unreadable = std::get_if<UnreadableManifest>(&read)) {
      note(reading, unreadable->kind, item, unreadable->what);
      continue;
    }
    auto& stored = std::get<StoredManifest>(read);
    stored.manifest.pushed = pushed.at(digests[i]);
    for (const Descriptor& blob : stored.blobs) said[blob.digest] = blob.size_bytes;
    piece.blobs.push_back({.digest = digests[i], .size_bytes = stored.manifest.bytes.size()});
    piece.manifests.push_back(std::move(stored.manifest));
  }
  std::vector<AdoptedBlob> blobs = co_await look_at_blobs(reading, std::move(said));
  piece.blobs.insert(piece.blobs.end(), blobs.begin(), blobs.end());
  co_await adopt(reading, std::move(piece));
}

/// The good ones; the others are recorded here. `said` has what a manifest says of each blob's size.
Task<std::vector<AdoptedBlob>> Adopter::look_at_blobs(Reading& reading,
                                                      std::map<Digest, std::optional<std::uint64_t>> said) {
  std::vector<Digest> digests;
  digests.reserve(said.size());
  for (const auto& [digest, size] : said) digests.push_back(digest);
  const std::vector<FileLook> looks = co_await world_.files.look_at(digests, 0);
  std::vector<AdoptedBlob> good;
  for (std::size_t i = 0; i < digests.size(); ++i) {
    const std::optional<std::uint64_t> size = looks[i].size_bytes;
    const std::optional<std::uint64_t> expected = said.at(digests[i]);
    const bool is_odd = size && ((expected && *expected != *size) || (*size == 0 && digests[i] != empty_blob()));
    if (!size) {
      const std::optional<AdoptedBlob> healed = co_await keep_bad_blob(reading, digests[i], "it is not there");
      if (healed) good.push_back(*healed);
    } else if (!is_odd && !options_.is_verifying) {
      good.push_back({.digest = digests[i], .size_bytes = size});
    } else if (const bool is_whole = co_await has_its_bytes(world_.blobs, world_.disk, digests[i]); is_whole) {
      good.push_back({.digest = digests[i], .size_bytes = size});
    } else {
      const std::string lies = expected && *expected != *size ? fmt::format(" where {} belong", *expected) : "";
      const std::optional<AdoptedBlob> healed = co_await keep_bad_blob(
          reading, digests[i], fmt::format("its file has {} bytes{}, and another digest", *size, lies));
      if (healed) good.push_back(*healed);
    }
  }
  co_return good;
}

/// Under the lock, since a push may heal it at this moment: the blob then.
Task<std::optional<AdoptedBlob>> Adopter::keep_bad_blob(Reading& reading, Digest digest, std::string why) {
  const KeyLock::Guard guard = co_await world_.digest_locks.acquire(digest.to_string(), options_.digest_lock_wait);
  const std::vector<FileLook> again = co_await world_.files.look_at({digest}, 0);
  const bool is_good = again[0].size_bytes && co_await has_its_bytes(world_.blobs, world_.disk, digest);
  if (is_good) co_return AdoptedBlob{.digest = digest, .size_bytes = again[0].size_bytes};
  note(reading, again[0].size_bytes ? ProblemKind::damaged_blob : ProblemKind::missing_blob, digest.to_string(),
       std::move(why));
  AdoptContent piece = reading.piece(world_.clock.now(), options_.grace);
  piece.blobs.push_back({.digest = digest, .size_bytes = std::nullopt});
  co_await world_.store.adopt(std::move(piece));
  co_return std::nullopt;
}

Task<> Adopter::read_layers(Reading& reading) {
  const auto walk = world_.tree.links(reading.name, LinkKind::layer);
  for (;;) {
    const std::vector<DigestLink> links = co_await walk->next(options_.batch_size);
    if (links.empty()) break;
    std::vector<Digest> digests;
    for (const DigestLink& each : links) {
      const Result<Digest> place = Digest::parse(each.place);
      if (!each.link.digest) {
        note(reading, ProblemKind::broken_link, "layer " + each.place,
             "the link of the blob cannot be read: " + each.link.problem);
        if (!place) continue;
      }
      digests.push_back(each.link.digest ? *each.link.digest : *place);
    }
    const std::vector<FileLook> looks = co_await world_.files.look_at(digests, 0);
    AdoptContent piece = reading.piece(world_.clock.now(), options_.grace);
    std::map<Digest, std::optional<std::uint64_t>> there;
    std::vector<Digest> gone;
    for (std::size_t i = 0; i < digests.size(); ++i) {
      if (looks[i].size_bytes) {
        there.emplace(digests[i], std::nullopt);
      } else {
        gone.push_back(digests[i]);
      }
    }
    piece.layers = std::move(digests);
    piece.blobs = co_await look_at_blobs(reading, std::move(there));
    co_await adopt(reading, std::move(piece));
    if (reading.kind == AdoptionKind::merge && !gone.empty()) co_await forget_gone(reading, std::move(gone));
    co_await tell(reading);
  }
}

/// Distribution collected these blobs; before version 3 it leaves their links behind.
Task<> Adopter::forget_gone(Reading& reading, std::vector<Digest> gone) {
  const WallTime now = world_.clock.now();
  for (const Digest& digest : gone) {
    const KeyLock::Guard guard = co_await world_.digest_locks.acquire(digest.to_string(), options_.digest_lock_wait);
    const std::vector<FileLook> again = co_await world_.files.look_at({digest}, 0);
    if (again[0].size_bytes) continue;
    AdoptContent piece = reading.piece(now, options_.grace);
    piece.blobs.push_back({.digest = digest, .size_bytes = std::nullopt});
    co_await world_.store.adopt(std::move(piece));
  }
  reading.counts.removed += co_await world_.store.remove_absent({.repository = *reading.repository,
                                                                 .layers = std::move(gone),
                                                                 .who = kDistribution,
                                                                 .now = now,
                                                                 .review_due = now + options_.grace});
}

Task<> Adopter::read_tags(Reading& reading) {
  const auto walk = world_.tree.tags(reading.name);
  for (;;) {
    const std::vector<TagLinks> tags = co_await walk->next(options_.batch_size);
    if (tags.empty()) break;
    AdoptContent piece = reading.piece(world_.clock.now(), options_.grace);
    for (const TagLinks& each : tags) {
      Result<Tag> tag = Tag::parse(each.name);
      if (!tag) {
        note(reading, ProblemKind::invalid_tag, each.name, tag.error().message);
      } else if (!each.current.digest) {
        note(reading, ProblemKind::broken_link, "tag " + each.name,
             "the link of the tag cannot be read: " + each.current.problem);
      } else {
        piece.tags.push_back(
            {.tag = *std::move(tag), .digest = *each.current.digest, .history = history_of(each, reading.kind)});
      }
    }
    co_await adopt(reading, std::move(piece));
    co_await tell(reading);
  }
}

Task<> Adopter::read_uploads(Reading& reading) {
  const auto walk = world_.tree.uploads(reading.name);
  for (;;) {
    const std::vector<TreeUpload> uploads = co_await walk->next(options_.batch_size);
    if (uploads.empty()) break;
    for (const TreeUpload& upload : uploads) {
      ++reading.counts.uploads;
      note(reading, ProblemKind::unfinished_upload, upload.id,
           fmt::format("{} bytes of an upload that nobody finished are dropped", upload.size_bytes));
    }
    co_await tell(reading);
  }
}

/// Who merges has the links of the records.
AbsentContentRemover Adopter::absent_content() const {
  return {world_.tree,
          world_.store,
          *world_.links,
          world_.clock,
          {.grace = options_.grace, .uses_trash = options_.uses_trash, .batch_size = options_.batch_size}};
}

/// On record, and nothing of it in the tree any more.
Task<> Adopter::read_unnamed_repositories(const AdoptionRun& run) {
  std::string after;
  while (!should_stop(run)) {
    const std::vector<RepositoryName> names = co_await world_.links->all_repositories(after, kNamePage);
    if (names.empty()) break;
    after = names.back().text();
    for (const RepositoryName& name : names) co_await adopt_repository(name.text(), run.kind);
  }
}

/// Blobs that nothing names are on record too, so that the collector takes them when their time has come.
Task<AdoptionCounts> Adopter::read_unlinked(const AdoptionRun& run) {
  AdoptionCounts counts;
  if (world_.scrub == nullptr) co_return counts;
  std::optional<FilePosition> position = FilePosition();
  while (position && !should_stop(run)) {
    StoredFilePage page = co_await world_.files.list(*position, kFilePage);
    position = std::move(page.next);
    std::map<Digest, std::uint64_t> sizes;
    std::vector<Digest> digests;
    for (const StoredFile& file : page.entries) {
      if (!file.digest) continue;
      sizes.emplace(*file.digest, file.size_bytes);
      digests.push_back(*file.digest);
    }
    const std::vector<Digest> unknown = co_await world_.scrub->without_record(std::move(digests));
    if (unknown.empty()) continue;
    std::vector<AdoptedBlob> blobs;
    for (const Digest& digest : unknown) {
      // A push renames and commits under the lock: who has no record while nobody holds it has none.
      const std::optional<KeyLock::Guard> guard = world_.digest_locks.try_acquire(digest.to_string());
      if (guard) blobs.push_back({.digest = digest, .size_bytes = sizes.at(digest)});
    }
    const WallTime now = world_.clock.now();
    counts.unlinked += co_await world_.store.adopt_unlinked(std::move(blobs), now, now + options_.grace);
  }
  co_return counts;
}

/// Berth writes no links while it reads them: a directory that is younger than the beginning is somebody else's work.
Task<> Adopter::read_changed_again(const AdoptionRun& run) {
  const auto walk = world_.tree.repositories();
  while (!should_stop(run)) {
    const std::vector<std::string> names = co_await walk->next(kNamePage);
    if (names.empty()) co_return;
    for (const std::string& name : names) {
      const WallTime changed = co_await world_.tree.last_changed(name);
      if (changed < run.began) continue;
      Reading reading{.name = name, .kind = run.kind};
      note(reading, ProblemKind::changed_meanwhile, {},
           "its links changed while they were read: is a registry still running on this volume?");
      co_await tell(reading);
      co_await adopt_repository(name, run.kind, Again::yes);
    }
  }
}

Task<> Adopter::adopt(Reading& reading, AdoptContent content) {
  const std::vector<AdoptedBlob> blobs = content.blobs;
  const std::vector<AdoptedTag> tags = content.tags;
  const AdoptedContent done = co_await world_.store.adopt(std::move(content));
  reading.counts += done.counts;
  for (const std::size_t i : done.dangling) {
    note(reading, ProblemKind::dangling_tag, tags[i].tag.text(),
         fmt::format("it names {}, which the repository does not have", tags[i].digest.to_string()));
  }
  for (const std::size_t i : done.found) co_await heal(blobs[i].digest);
}

Task<> Adopter::heal(Digest digest) {
  if (world_.scrub == nullptr) co_return;
  const KeyLock::Guard guard = co_await world_.digest_locks.acquire(digest.to_string(), options_.digest_lock_wait);
  const bool is_whole = co_await has_its_bytes(world_.blobs, world_.disk, digest);
  if (is_whole) co_await world_.scrub->mark_blob_found(digest, world_.clock.now());
}

void Adopter::note(Reading& reading, ProblemKind kind, std::string item, std::string what) {
  world_.log.warn(fmt::format("adoption: {}", name_of(kind)),
                  {{"repository", reading.name}, {"item", item}, {"what", what}});
  reading.problems.push_back(
      {.kind = kind, .repository = reading.name, .item = std::move(item), .what = std::move(what)});
}

Task<> Adopter::tell(Reading& reading) {
  if (reading.problems.empty()) co_return;
  co_await world_.store.note_problems(std::exchange(reading.problems, {}));
}

}  // namespace berth
