#include "registry/promise_book.h"

#include "base/failure.h"

namespace berth {

std::optional<WallTime> plan_renewal(WallTime promised_until, WallTime now, std::chrono::seconds length) {
  const auto left = promised_until - now;
  const auto enough = std::chrono::duration_cast<std::chrono::microseconds>(length) * 3 / 4;
  if (left >= enough) return std::nullopt;
  return now + length;
}

PromiseBook::PromiseBook(MetadataStore& metadata, const Clock& clock, Log& log, std::chrono::seconds length,
                         bool is_read_only)
    : metadata_(metadata), clock_(clock), log_(log), length_(length), is_read_only_(is_read_only) {}

Task<PromiseOutcome> PromiseBook::keep_blob(RepositoryName repository, BlobLink link) {
  return keep(Subject::blob, std::move(repository), link.digest, link.promised_until);
}

Task<PromiseOutcome> PromiseBook::keep_manifest(RepositoryName repository, Digest digest, WallTime promised_until) {
  return keep(Subject::manifest, std::move(repository), digest, promised_until);
}

Task<PromiseOutcome> PromiseBook::keep(Subject subject, RepositoryName repository, Digest digest,
                                       WallTime promised_until) {
  // Nobody can push to a registry that is read-only, so nobody needs the promise.
  if (is_read_only_) co_return PromiseOutcome::stands;
  const std::optional<WallTime> until = plan_renewal(promised_until, clock_.now(), length_);
  if (!until) co_return PromiseOutcome::stands;
  bool is_there = true;
  try {
    if (subject == Subject::blob) {
      is_there = co_await metadata_.renew_blob_promise(repository, digest, *until);
    } else {
      is_there = co_await metadata_.renew_manifest_promise(repository, digest, *until);
    }
  } catch (const Failure& failure) {
    if (failure.kind() != FailureKind::metadata && failure.kind() != FailureKind::storage_full) throw;
    log_.debug("promise not renewed", {{"repository", repository.text()},
                                       {"digest", digest.to_string()},
                                       {"reason", std::string_view(failure.what())}});
  }
  co_return is_there ? PromiseOutcome::stands : PromiseOutcome::gone;
}

}  // namespace berth
