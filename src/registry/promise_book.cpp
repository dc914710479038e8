#include "registry/promise_book.h"

#include <utility>

#include "base/failure.h"

namespace berth {
namespace {

/// What a promise has left when it need not be renewed yet.
std::chrono::microseconds least_left(std::chrono::seconds length) {
  return std::chrono::duration_cast<std::chrono::microseconds>(length) * 3 / 4;
}

}  // namespace

std::optional<WallTime> plan_renewal(WallTime promised_until, WallTime now, std::chrono::seconds length) {
  if (promised_until - now >= least_left(length)) return std::nullopt;
  return now + length;
}

PromiseBook::PromiseBook(MetadataStore& metadata, const Clock& clock, Log& log, std::chrono::seconds length,
                         bool is_read_only)
    : metadata_(metadata), clock_(clock), log_(log), length_(length), is_read_only_(is_read_only) {}

Task<std::optional<WallTime>> PromiseBook::keep_blob(RepositoryName repository, BlobLink link) {
  return keep(Subject::blob, std::move(repository), link.digest, link.promised_until);
}

Task<std::optional<WallTime>> PromiseBook::keep_manifest(RepositoryName repository, Digest digest,
                                                         WallTime promised_until) {
  return keep(Subject::manifest, std::move(repository), digest, promised_until);
}

Task<std::optional<WallTime>> PromiseBook::keep(Subject subject, RepositoryName repository, Digest digest,
                                                WallTime promised_until) {
  // Nobody can push to a registry that is read-only, so nobody needs the promise.
  if (is_read_only_) co_return promised_until;
  const std::optional<WallTime> until = plan_renewal(promised_until, clock_.now(), length_);
  if (!until) co_return promised_until;
  bool is_there = true;
  bool is_renewed = true;
  try {
    if (subject == Subject::blob) {
      is_there = co_await metadata_.renew_blob_promise(repository, digest, *until);
    } else {
      is_there = co_await metadata_.renew_manifest_promise(repository, digest, *until);
    }
  } catch (const Failure& failure) {
    if (failure.kind() != FailureKind::metadata && failure.kind() != FailureKind::storage_full) throw;
    is_renewed = false;
    unwritten_until_ = (clock_.monotonic() + length_).time_since_epoch().count();
    log_.debug("promise not renewed", {{"repository", repository.text()},
                                       {"digest", digest.to_string()},
                                       {"reason", std::string_view(failure.what())}});
  }
  // A collector's transaction may have come between the look at the row and now.
  if (!is_renewed) is_there = co_await is_still_there(subject, repository, digest);
  if (!is_there) co_return std::nullopt;
  co_return is_renewed ? *until : promised_until;
}

Task<bool> PromiseBook::is_still_there(Subject subject, RepositoryName repository, Digest digest) {
  // One pass through the writer: what was in front of it has ended, and what comes after it asks may_remove().
  try {
    co_await metadata_.check_health();
  } catch (const Failure& failure) {
    log_.debug("the metadata store does not commit", {{"reason", std::string_view(failure.what())}});
  }
  if (subject == Subject::blob) {
    const std::optional<BlobLink> link = co_await metadata_.find_blob(std::move(repository), digest);
    co_return link.has_value();
  }
  const std::optional<ManifestRecord> manifest = co_await metadata_.find_manifest(std::move(repository), digest);
  co_return manifest.has_value();
}

WallTime PromiseBook::fresh_until(WallTime promised_until) const {
  return is_read_only_ ? WallTime::max() : promised_until - least_left(length_);
}

}  // namespace berth
