#include "lifecycle/scrubber.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstddef>
#include <span>
#include <utility>

#include "base/failure.h"
#include "base/rfc3339.h"
#include "content/hasher.h"
#include "registry/copy_bytes.h"
#include "storage/layout.h"

namespace berth {

struct Scrubber::Run {
  const ScrubRequest& request;
  WallTime now;
  MonotonicTime started;
  ScrubReport report = {};
  std::uint64_t paced_bytes = 0;
  std::vector<Digest> verified = {};  ///< to be recorded with the page
  std::vector<std::byte> piece = {};  ///< what is read next

  bool should_stop() {
    if (request.should_stop && request.should_stop()) report.was_stopped = true;
    return report.was_stopped;
  }
  void tell_progress() const {
    if (request.on_progress) request.on_progress(report);
  }
};

/// What one look at a blob's file says.
struct Scrubber::Look {
  enum class Outcome : std::uint8_t { good, absent, wrong_size, wrong_bytes, unreadable, stopped };
  Outcome outcome = Outcome::good;
  std::uint64_t found_bytes = 0;
  std::string failure = {};  ///< of unreadable
};

namespace {

/// "app:v1 app@sha256:...", as people write them.
std::string words_of(const AffectedImages& images) {
  std::string words;
  for (const AffectedImage& image : images.entries) {
    const std::string name = (words.empty() ? "" : " ") + image.repository.text();
    if (image.tags.empty()) words += name + "@" + image.manifest.to_string();
    for (std::size_t i = 0; i < image.tags.size(); ++i) {
      words += (i == 0 ? name : " " + image.repository.text()) + ":" + image.tags[i].text();
    }
  }
  if (!images.are_all) words += " ...";
  return words;
}

}  // namespace

std::string_view name_of(FindingKind kind) {
  switch (kind) {
    case FindingKind::damaged:
      return "damaged";
    case FindingKind::missing:
      return "missing";
    case FindingKind::unreadable:
      return "unreadable";
    case FindingKind::orphan:
      return "orphan";
    case FindingKind::unknown_file:
      return "unknown_file";
  }
  return {};
}

Scrubber::Scrubber(ScrubWorld world, ScrubberOptions options) : world_(world), options_(std::move(options)) {}

Task<ScrubReport> Scrubber::run(ScrubRequest request) {
  Run run{.request = request, .now = world_.clock.now(), .started = world_.clock.monotonic()};
  co_await count(run);
  if (request.depth == ScrubDepth::bytes) run.piece.resize(options_.piece_bytes);
  co_await check_blobs(run);
  if (request.walks_files) co_await check_files(run);
  co_return run.report;
}

Task<std::vector<BlobRecord>> Scrubber::next_blobs(const Run& run, std::optional<BlobRecord> after) {
  if (run.request.verified_before) {
    return world_.scrub.least_recently_verified(*run.request.verified_before, after, options_.page_size);
  }
  return world_.scrub.list_blobs(after ? std::optional(after->digest) : std::nullopt, options_.page_size);
}

// What there is to do, for whoever watches: the rows are read twice, which is little beside their bytes.
Task<> Scrubber::count(Run& run) {
  std::optional<BlobRecord> after;
  while (!run.should_stop()) {
    const std::vector<BlobRecord> page = co_await next_blobs(run, after);
    if (page.empty()) break;
    after = page.back();
    run.report.blobs_total += page.size();
    for (const BlobRecord& each : page) run.report.bytes_total += each.size_bytes;
    run.tell_progress();
  }
}

Task<> Scrubber::check_blobs(Run& run) {
  std::optional<BlobRecord> after;
  while (!run.should_stop()) {
    const std::vector<BlobRecord> page = co_await next_blobs(run, after);
    if (page.empty()) break;
    after = page.back();
    for (const BlobRecord& each : page) {
      const std::uint64_t before = run.report.bytes;
      co_await check_blob(run, each);
      if (run.report.was_stopped) break;
      // Whatever was read of it.
      run.report.bytes = before + each.size_bytes;
      ++run.report.blobs;
      run.tell_progress();
    }
    if (run.verified.empty() || is_read_only()) continue;
    co_await world_.scrub.record_verified(std::exchange(run.verified, {}), run.now);
  }
}

Task<> Scrubber::check_blob(Run& run, BlobRecord record) {
  // The collector has it.
  if (record.state == BlobState::deleting || run.should_stop()) co_return;
  const Look look = co_await look_at(run, record, Pace::kept);
  if (look.outcome == Look::Outcome::stopped) co_return;
  if (look.outcome == Look::Outcome::good && record.state == BlobState::present) {
    if (run.request.depth == ScrubDepth::bytes) run.verified.push_back(record.digest);
    co_return;
  }
  bool was_busy = false;
  try {
    co_await look_again(run, record.digest);
  } catch (const Failure& failure) {
    if (failure.kind() != FailureKind::overloaded) throw;
    was_busy = true;
  }
  if (!was_busy) co_return;
  ++run.report.skipped;
  world_.log.warn("a blob was in use all the time: it was not checked", {{"digest", record.digest.to_string()}});
}

// Under the lock that publishing takes: a push that heals the blob right now is either seen here or comes afterwards.
Task<> Scrubber::look_again(Run& run, Digest digest) {
  const KeyLock::Guard guard = co_await world_.digest_locks.acquire(digest.to_string(), options_.digest_lock_wait);
  const std::optional<BlobRecord> record = co_await world_.scrub.find_blob_record(digest);
  if (!record || record->state == BlobState::deleting) co_return;
  const Look look = co_await look_at(run, *record, Pace::none);
  if (look.outcome == Look::Outcome::stopped) co_return;
  if (look.outcome == Look::Outcome::good && record->state == BlobState::present) {
    if (run.request.depth == ScrubDepth::bytes) run.verified.push_back(digest);
    co_return;
  }
  AffectedImages images = co_await world_.scrub.images_of(digest, options_.image_limit);
  Finding finding{.kind = FindingKind::missing,
                  .digest = digest,
                  .path = layout::blob_path(digest),
                  .size_bytes = record->size_bytes,
                  .images = std::move(images)};
  co_await act_on(run, *record, look, finding);
  report(run, finding);
}

Task<Scrubber::Look> Scrubber::look_at(Run& run, BlobRecord record, Pace pace) {
  std::optional<ByteSource> bytes;
  try {
    bytes = co_await world_.blobs.open(record.digest);
  } catch (const Failure& failure) {
    if (failure.kind() != FailureKind::storage) throw;
    co_return Look{.outcome = Look::Outcome::unreadable, .failure = failure.what()};
  }
  if (!bytes) co_return Look{.outcome = Look::Outcome::absent};
  const std::uint64_t size_bytes = bytes->size();
  if (size_bytes != record.size_bytes) {
    co_return Look{.outcome = Look::Outcome::wrong_size, .found_bytes = size_bytes};
  }
  if (run.request.depth == ScrubDepth::sizes) co_return Look{.found_bytes = size_bytes};
  co_return co_await hash(run, record, std::move(*bytes), pace);
}

Task<Scrubber::Look> Scrubber::hash(Run& run, BlobRecord record, ByteSource bytes, Pace pace) {
  Hasher hasher(record.digest.algorithm());
  std::uint64_t position = 0;
  while (position < record.size_bytes) {
    if (run.should_stop()) co_return Look{.outcome = Look::Outcome::stopped};
    std::size_t count = 0;
    try {
      count = co_await run_blocking(world_.disk, [&]() -> std::size_t {
        const auto wanted =
            static_cast<std::size_t>(std::min<std::uint64_t>(run.piece.size(), record.size_bytes - position));
        if (const SharedBytes* memory = bytes.memory()) {
          hasher.update(std::as_bytes(std::span(memory->view().substr(position, wanted))));
          return wanted;
        }
        const std::size_t read = read_piece_blocking(*bytes.file(), position, std::span(run.piece).first(wanted));
        hasher.update(std::span(run.piece).first(read));
        return read;
      });
    } catch (const Failure& failure) {
      if (failure.kind() != FailureKind::storage) throw;
      co_return Look{.outcome = Look::Outcome::unreadable, .failure = failure.what()};
    }
    if (count == 0) co_return Look{.outcome = Look::Outcome::wrong_size, .found_bytes = position};
    position += count;
    run.paced_bytes += count;
    run.report.bytes += count;
    run.tell_progress();
    if (pace == Pace::kept) co_await keep_pace(run);
  }
  const bool is_good = hasher.digest() == record.digest;
  co_return Look{.outcome = is_good ? Look::Outcome::good : Look::Outcome::wrong_bytes, .found_bytes = position};
}

Task<> Scrubber::keep_pace(Run& run) {
  if (run.request.bytes_per_second == 0) co_return;
  const std::chrono::duration<double> least(static_cast<double>(run.paced_bytes) /
                                            static_cast<double>(run.request.bytes_per_second));
  // In small steps, so that a stop does not wait for a large piece's share of time.
  constexpr std::chrono::milliseconds kStep{100};
  boost::asio::steady_timer timer(co_await boost::asio::this_coro::executor);
  while (!run.should_stop()) {
    const auto left = least - std::chrono::duration<double>(world_.clock.monotonic() - run.started);
    if (left.count() <= 0) break;
    timer.expires_after(std::min(std::chrono::ceil<std::chrono::milliseconds>(left), kStep));
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

/// What becomes of it. The caller holds the lock.
Task<> Scrubber::act_on(Run& run, BlobRecord record, Look look, Finding& finding) {
  const bool is_repair = run.request.is_repair && !is_read_only();
  if (look.outcome == Look::Outcome::unreadable) {
    // Perhaps the disk, perhaps its cable: the file stays where it is, for people to decide.
    finding.kind = FindingKind::unreadable;
    finding.what = look.failure;
    co_return;
  }
  if (look.outcome == Look::Outcome::good) {  // and its record says missing
    if (run.request.depth == ScrubDepth::sizes) {
      finding.what = "it is not served, and a file of its size is there: check its bytes, without --fast";
    } else if (!is_repair) {
      finding.what = "it is not served, and its bytes are there and good: --repair serves them again";
    } else {
      finding.is_mended = co_await world_.scrub.mark_blob_found(record.digest, run.now);
      finding.what = "its bytes are there and good: it is served again";
    }
    co_return;
  }
  // A volume that is not mounted has no blobs either: that is a failure of the store, not of the blob.
  if (!is_read_only()) co_await world_.blobs.check_health();
  if (look.outcome == Look::Outcome::absent) {
    finding.what = record.state == BlobState::missing ? "no file, as was found before" : "no file";
  } else {
    finding.kind = FindingKind::damaged;
    finding.what = look.outcome == Look::Outcome::wrong_size
                       ? fmt::format("{} bytes instead of {}", look.found_bytes, record.size_bytes)
                       : "the bytes have another digest";
  }
  if (is_read_only()) {
    finding.what += "; the registry is read-only, nothing was changed";
    co_return;
  }
  // First the record: whatever follows, it answers 404 from here on.
  if (record.state == BlobState::present) co_await world_.metadata.mark_blob_missing(record.digest);
  if (look.outcome != Look::Outcome::absent) {
    const std::optional<std::string> place = co_await world_.files.quarantine(record.digest);
    if (place) finding.path = *place;
  }
  if (is_repair) finding.is_mended = co_await put_copy(std::move(record), finding);
  if (!finding.is_mended) finding.what += "; the next push of it heals it";
}

/// Manifests lie among the blobs as copies of what the metadata holds. False if it is none, or its original is damaged.
Task<bool> Scrubber::put_copy(BlobRecord record, Finding& finding) {
  std::optional<SharedBytes> bytes = co_await world_.scrub.manifest_bytes(record.digest);
  if (!bytes || digest_of(record.digest.algorithm(), bytes->view()) != record.digest) co_return false;
  co_await world_.blobs.put(record.digest, std::move(*bytes));
  const bool is_present = co_await world_.scrub.mark_blob_found(record.digest, world_.clock.now());
  if (is_present) finding.what += "; written anew from the metadata";
  co_return is_present;
}

Task<> Scrubber::check_files(Run& run) {
  std::optional<FilePosition> position = FilePosition();
  while (position && !run.should_stop()) {
    StoredFilePage page = co_await world_.files.list(*position, options_.page_size);
    position = std::move(page.next);
    std::vector<Digest> digests;
    for (const StoredFile& file : page.entries) {
      ++run.report.files;
      if (file.digest) {
        digests.push_back(*file.digest);
      } else {
        report(run, {.kind = FindingKind::unknown_file, .path = file.path, .what = "not one of Berth's; it stays"});
      }
    }
    std::vector<Digest> unknown = co_await world_.scrub.without_record(std::move(digests));
    if (!unknown.empty()) co_await check_unknown(run, std::move(unknown));
    run.tell_progress();
  }
  if (run.report.was_stopped || is_read_only()) co_return;
  // Only after a walk that saw everything is what it did not see no orphan any more.
  while (co_await world_.scrub.forget_orphans(run.now, options_.page_size) > 0) {
    if (run.should_stop()) break;
  }
}

Task<> Scrubber::check_unknown(Run& run, std::vector<Digest> digests) {
  const std::set<Digest> expected = co_await expected_by_uploads();
  std::vector<Digest> orphans;
  std::vector<std::uint64_t> sizes;
  for (const Digest& digest : digests) {
    if (run.should_stop()) co_return;
    if (expected.contains(digest)) continue;
    const std::optional<std::uint64_t> size_bytes = co_await confirm_orphan(digest);
    if (!size_bytes) continue;
    orphans.push_back(digest);
    sizes.push_back(*size_bytes);
  }
  if (orphans.empty()) co_return;
  std::vector<WallTime> found(orphans.size(), run.now);
  if (!is_read_only()) found = co_await world_.scrub.note_orphans(orphans, run.now);
  for (std::size_t i = 0; i < orphans.size(); ++i) {
    if (run.should_stop()) co_return;
    Finding finding{.kind = FindingKind::orphan,
                    .digest = orphans[i],
                    .path = layout::blob_path(orphans[i]),
                    .size_bytes = sizes[i],
                    .what = "a file that is not on record"};
    const WallTime until = found[i] + options_.grace;
    if (run.request.is_repair && !is_read_only() && until <= run.now)
      finding.is_mended = co_await remove_orphan(orphans[i]);
    if (finding.is_mended) {
      finding.what += "; removed";
    } else if (!is_read_only()) {
      finding.what += "; --repair removes it from " + to_rfc3339(until) + " on";
    }
    report(run, finding);
  }
}

/// A push renames and commits under the lock: who has no record while we hold it has none. The size of the file.
Task<std::optional<std::uint64_t>> Scrubber::confirm_orphan(Digest digest) {
  const std::optional<KeyLock::Guard> guard = world_.digest_locks.try_acquire(digest.to_string());
  if (!guard) co_return std::nullopt;
  const std::optional<BlobState> state = co_await world_.metadata.blob_state(digest);
  if (state) co_return std::nullopt;
  const std::optional<BlobInfo> info = co_await world_.blobs.find(digest);
  if (!info) co_return std::nullopt;
  co_return info->size_bytes;
}

Task<bool> Scrubber::remove_orphan(Digest digest) {
  if (options_.may_remove && !options_.may_remove()) co_return false;
  const std::optional<KeyLock::Guard> guard = world_.digest_locks.try_acquire(digest.to_string());
  if (!guard) co_return false;
  const std::optional<BlobState> state = co_await world_.metadata.blob_state(digest);
  if (state) co_return false;
  const std::set<Digest> expected = co_await expected_by_uploads();
  if (expected.contains(digest)) co_return false;
  co_return co_await world_.blobs.delete_without_reference_check(digest);
}

/// Closing requests that a crash cut off between rename and commit lead to their files through these.
Task<std::set<Digest>> Scrubber::expected_by_uploads() {
  std::set<Digest> expected;
  std::optional<UploadId> after;
  for (;;) {
    const std::vector<UploadRecord> page =
        co_await world_.metadata.list_uploads(WallTime::max(), after, options_.page_size);
    if (page.empty()) co_return expected;
    after = page.back().id;
    for (const UploadRecord& upload : page) {
      if (upload.expected) expected.insert(*upload.expected);
    }
  }
}

void Scrubber::report(Run& run, const Finding& finding) {
  ++(finding.is_mended ? run.report.mended : run.report.standing);
  const std::string line = fmt::format("check: {}", name_of(finding.kind));
  const std::string digest = finding.digest ? finding.digest->to_string() : std::string();
  const std::string images = words_of(finding.images);
  const bool is_about_files = finding.kind == FindingKind::orphan || finding.kind == FindingKind::unknown_file;
  if (finding.is_mended) {
    world_.log.info(line, {{"what", finding.what}, {"digest", digest}, {"path", finding.path}});
  } else if (is_about_files) {
    world_.log.warn(line, {{"what", finding.what}, {"digest", digest}, {"path", finding.path}});
  } else {
    world_.log.error(line, {{"what", finding.what},
                            {"digest", digest},
                            {"bytes", finding.size_bytes},
                            {"path", finding.path},
                            {"images", images}});
  }
  if (run.request.on_finding) run.request.on_finding(finding);
}

}  // namespace berth
