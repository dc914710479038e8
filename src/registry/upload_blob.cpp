#include "registry/upload_blob.h"

#include <fmt/format.h>

#include <exception>
#include <utility>

#include "base/failure.h"
#include "registry/copy_bytes.h"
#include "registry/renamed_repository.h"

namespace berth {

namespace {

Error unknown(const UploadId& id) {
  return {.code = ErrorCode::upload_unknown, .message = "blob upload unknown to registry", .subjects = {id.text()}};
}

}  // namespace

/// An upload while one request writes it.
struct UploadBlob::Writer {
  ClaimedUpload claimed;
  std::unique_ptr<BlobUpload> bytes = {};
  bool has_row = true;  ///< false for a blob pushed in one request, until its bytes are verified

  const UploadRecord& record() const { return claimed.record; }
  const UploadId& id() const { return claimed.record.id; }
};

UploadBlob::UploadBlob(Stores stores, Locks locks, UploadDesk& desk, BodyReceiver& receiver, SpaceGuard& space,
                       QuotaCheck& quotas, BlockingPool& disk, const Clock& clock, Entropy& entropy, Log& log,
                       const RegistryPolicy& policy)
    : stores_(stores),
      locks_(locks),
      desk_(desk),
      receiver_(receiver),
      space_(space),
      quotas_(quotas),
      disk_(disk),
      clock_(clock),
      entropy_(entropy),
      log_(log),
      policy_(policy) {}

Task<Result<UploadStatus>> UploadBlob::append(RepositoryName repository, UploadId id, UploadBody body) {
  Result<ClaimedUpload> claimed = co_await desk_.claim(std::move(repository), id);
  if (!claimed) co_return std::unexpected(std::move(claimed.error()));
  Result<Writer> writer = co_await open_writer(std::move(*claimed), body);
  if (!writer) co_return std::unexpected(std::move(writer.error()));
  if (!writer->bytes) co_return std::unexpected(unknown(id));
  const std::uint64_t before = writer->bytes->size_bytes();
  if (body.length_bytes.value_or(0) > 0) {
    const Result<void> quota = co_await hold_to_quota(*writer, std::nullopt, before + *body.length_bytes);
    if (!quota) co_return std::unexpected(quota.error());
  }
  const Result<std::optional<Digest>> received = co_await receive(*writer, body, std::nullopt);
  if (!received) co_return std::unexpected(received.error());
  if (writer->bytes->size_bytes() == before) co_return UploadStatus{.id = std::move(id), .size_bytes = before};
  const UploadProgress progress = co_await sync(*writer);
  const bool is_ours = co_await record_progress(*writer, progress);
  if (!is_ours) co_return std::unexpected(unknown(id));
  co_return UploadStatus{.id = std::move(id), .size_bytes = progress.durable_offset};
}

Task<Result<Digest>> UploadBlob::finish(RepositoryName repository, UploadId id, Digest expected, UploadBody body) {
  Result<ClaimedUpload> claimed = co_await desk_.claim(std::move(repository), id);
  if (!claimed) co_return std::unexpected(std::move(claimed.error()));
  // A closing request of this digest got as far as verifying the bytes, and then its process died or its answer was
  // lost. This is the same request again: the bytes it brings are here already.
  const bool is_repeated = claimed->record.expected == expected;
  if (is_repeated) {
    body.length_bytes = 0;
    body.offset = std::nullopt;
  }
  Result<Writer> writer = co_await open_writer(std::move(*claimed), body);
  if (!writer) co_return std::unexpected(std::move(writer.error()));
  if (!writer->bytes && !is_repeated) co_return std::unexpected(unknown(id));
  if (!writer->bytes) {
    const Result<void> recovered = co_await recover_bytes(*writer, expected);
    if (!recovered) co_return std::unexpected(recovered.error());
  }
  // A repeated one is held to them by its commit: its bytes may lie where the blob belongs, and need a record.
  const Result<void> received = is_repeated ? co_await receive_last(*writer, body, expected)
                                            : co_await receive_with_room(*writer, body, expected);
  if (!received) co_return std::unexpected(received.error());
  const bool is_ours = co_await record_expectation(*writer, expected);
  if (!is_ours) co_return std::unexpected(unknown(id));
  const Result<void> published = co_await publish(*writer, expected);
  if (!published) co_return std::unexpected(published.error());
  co_return expected;
}

Task<Result<Digest>> UploadBlob::push(RepositoryName repository, Digest expected, UploadBody body) {
  Result<UploadId> id = UploadId::parse(random_uuid(entropy_));
  if (!id) co_return std::unexpected(std::move(id.error()));
  std::optional<KeyLock::Guard> guard = locks_.uploads.try_acquire(id->text());
  if (!guard) throw Failure(FailureKind::internal, "a random upload id is in use");
  const WallTime now = clock_.now();
  UploadRecord record{.id = std::move(*id),
                      .repository = std::move(repository),
                      .owner = desk_.instance_id(),
                      .generation = 1,
                      .started = now,
                      .last_active = now,
                      .progress = {.durable_offset = 0, .algorithm = expected.algorithm(), .hash_state = {}},
                      .expected = {}};
  // No row yet: nobody knows the id to resume it, so until its bytes are verified the upload is only a file, which the
  // reaper removes if we die. That saves a commit.
  Result<Writer> writer = co_await open_writer({.guard = std::move(*guard), .record = std::move(record)}, body);
  if (!writer) co_return std::unexpected(std::move(writer.error()));
  if (!writer->bytes) throw Failure(FailureKind::storage, "a new upload's file was not made");
  writer->has_row = false;
  const Result<void> received = co_await receive_with_room(*writer, body, expected);
  if (!received) co_return std::unexpected(received.error());
  writer->claimed.record.expected = expected;
  writer->claimed.record.progress.durable_offset = writer->bytes->size_bytes();
  // From here on the row leads to the file, wherever a crash leaves it.
  const auto create_in = [this, &writer](RepositoryName name) {
    writer->claimed.record.repository = std::move(name);
    return stores_.metadata.create_upload(writer->record());
  };
  co_await under_its_name(writer->record().repository, create_in);
  writer->has_row = true;
  const Result<void> published = co_await publish(*writer, expected);
  if (!published) co_return std::unexpected(published.error());
  co_return expected;
}

/// What can be refused before a byte of the body is read. The writer has no bytes if the upload's file is gone.
Task<Result<UploadBlob::Writer>> UploadBlob::open_writer(ClaimedUpload claimed, UploadBody body) {
  const std::uint64_t offset = claimed.record.progress.durable_offset;
  if (body.offset && *body.offset != offset) {
    co_return refuse(ErrorCode::upload_range_invalid,
                     fmt::format("the chunk begins at {}, the upload is at {}", *body.offset, offset),
                     {claimed.record.id.text()});
  }
  if (body.length_bytes != 0) {
    Result<void> space = co_await space_.check(body.length_bytes.value_or(0));
    if (!space) co_return std::unexpected(std::move(space.error()));
  }
  Writer writer{.claimed = std::move(claimed)};
  writer.bytes = co_await stores_.uploads.open(writer.id(), writer.record().progress);
  co_return std::move(writer);
}

/// The digest if the bytes were sealed, too, which needs `seal_as` and something to append.
Task<Result<std::optional<Digest>>> UploadBlob::receive(Writer& writer, UploadBody body,
                                                        std::optional<HashAlgorithm> seal_as) {
  if (body.length_bytes == 0) co_return std::nullopt;
  BodyRequest request{
      .upload = *writer.bytes, .body = body.reader, .expected_bytes = body.length_bytes, .seal_as = seal_as};
  if (writer.has_row) {
    request.record_progress = [this, &writer](UploadProgress progress) {
      return record_progress(writer, std::move(progress));
    };
  }
  BodyOutcome outcome;
  try {
    if (body.length_bytes) co_await writer.bytes->expect_size(writer.bytes->size_bytes() + *body.length_bytes);
    outcome = co_await receiver_.receive(std::move(request));
  } catch (...) {
    outcome.append_failure = std::current_exception();
  }
  if (outcome.sync_failure) {
    co_await abandon(writer);
    std::rethrow_exception(outcome.sync_failure);
  }
  if (outcome.append_failure) {
    // A full disk gets its space back at once: a client that pushes anew does not know this upload.
    co_await roll_back(writer);
    std::rethrow_exception(outcome.append_failure);
  }
  if (outcome.refusal) {
    co_await roll_back(writer);
    co_return std::unexpected(std::move(*outcome.refusal));
  }
  if (outcome.interruption) {
    co_await keep_interrupted(writer);
    std::rethrow_exception(outcome.interruption);
  }
  if (body.length_bytes && outcome.received_bytes != *body.length_bytes) {
    co_await roll_back(writer);
    co_return refuse(ErrorCode::size_invalid,
                     fmt::format("{} bytes were announced and {} came", *body.length_bytes, outcome.received_bytes));
  }
  co_return outcome.digest;
}

/// The upload's last bytes, and whether all of them are what the client says they are.
Task<Result<void>> UploadBlob::receive_last(Writer& writer, UploadBody body, Digest expected) {
  const Result<std::optional<Digest>> received = co_await receive(writer, body, expected.algorithm());
  if (!received) co_return std::unexpected(received.error());
  std::optional<Digest> digest = *received;
  if (!digest) digest = co_await seal(writer, expected.algorithm());
  if (digest == expected) co_return Result<void>();
  co_await roll_back(writer);
  co_return refuse(ErrorCode::digest_invalid, "provided digest did not match uploaded content", {expected.to_string()});
}

/// The same, where the quotas have room for the whole blob: looked at before the bytes come, if their number is known.
Task<Result<void>> UploadBlob::receive_with_room(Writer& writer, UploadBody body, Digest expected) {
  if (body.length_bytes) {
    Result<void> quota = co_await hold_to_quota(writer, expected, writer.bytes->size_bytes() + *body.length_bytes);
    if (!quota) co_return quota;
  }
  Result<void> received = co_await receive_last(writer, body, expected);
  if (!received || body.length_bytes) co_return received;
  co_return co_await hold_to_quota(writer, expected, writer.bytes->size_bytes());
}

/// Ends the upload if there is no room for it: its bytes would lie there for nothing.
Task<Result<void>> UploadBlob::hold_to_quota(Writer& writer, std::optional<Digest> digest, std::uint64_t size_bytes) {
  const RepositoryName& repository = writer.record().repository;
  Result<void> quota = digest ? co_await quotas_.check_blob(repository, *digest, size_bytes)
                              : co_await quotas_.check_unknown(repository, size_bytes);
  if (!quota) co_await abandon(writer);
  co_return quota;
}

Task<bool> UploadBlob::record_progress(const Writer& writer, UploadProgress progress) {
  return stores_.metadata.record_upload_progress(writer.id(), writer.record().generation, std::move(progress),
                                                 clock_.now());
}

// The client went away: it can come back to what arrived. Nobody is left to tell a failure to but the log.
Task<> UploadBlob::keep_interrupted(Writer& writer) {
  if (!writer.has_row) {
    co_await roll_back(writer);
    co_return;
  }
  std::optional<UploadProgress> progress;
  try {
    progress = co_await writer.bytes->sync();
  } catch (const Failure& failure) {
    log_.error("upload not synced", {{"upload", writer.id().text()}, {"reason", std::string_view(failure.what())}});
  }
  if (!progress) {
    co_await abandon(writer);
    co_return;
  }
  try {
    co_await record_progress(writer, std::move(*progress));
  } catch (const Failure& failure) {
    log_.error("upload not recorded", {{"upload", writer.id().text()}, {"reason", std::string_view(failure.what())}});
  }
}

// Back to what the row says: a refused request has had no effect, and its bytes take no space.
Task<> UploadBlob::roll_back(Writer& writer) {
  writer.bytes.reset();
  try {
    if (writer.record().progress.durable_offset == 0 || !writer.has_row) {
      co_await stores_.uploads.remove(writer.id());
    } else {
      const std::optional<UploadRecord> record = co_await stores_.metadata.find_upload(writer.id());
      if (record) co_await stores_.uploads.open(writer.id(), record->progress);  // cuts off what lies beyond
    }
  } catch (const Failure& failure) {
    log_.warn("upload not cut back", {{"upload", writer.id().text()}, {"reason", std::string_view(failure.what())}});
  }
}

// After a failed fsync nobody knows what the disk holds: the bytes go, never to be synced again, and the upload with
// them.
Task<> UploadBlob::abandon(Writer& writer) {
  try {
    if (writer.has_row) co_await stores_.metadata.delete_upload(writer.id());
    co_await writer.bytes->discard();
  } catch (const Failure& failure) {
    log_.warn("upload not removed", {{"upload", writer.id().text()}, {"reason", std::string_view(failure.what())}});
  }
}

Task<UploadProgress> UploadBlob::sync(Writer& writer) {
  std::optional<UploadProgress> progress;
  std::exception_ptr failure;
  try {
    progress = co_await writer.bytes->sync();
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await abandon(writer);
    std::rethrow_exception(failure);
  }
  co_return std::move(*progress);
}

Task<Digest> UploadBlob::seal(Writer& writer, HashAlgorithm algorithm) {
  std::optional<Digest> digest;
  std::exception_ptr failure;
  try {
    digest = co_await writer.bytes->seal(algorithm);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    co_await abandon(writer);
    std::rethrow_exception(failure);
  }
  co_return *digest;
}

// Only a digest that the bytes were seen to have gets into the row. So the row that is left of a crash between rename
// and commit also proves that this client had the bytes, and nobody gets at a blob of another repository by naming it
// in a closing request that fails.
Task<bool> UploadBlob::record_expectation(Writer& writer, Digest expected) {
  UploadProgress progress{.durable_offset = writer.bytes->size_bytes(),
                          .algorithm = writer.record().progress.algorithm,
                          .hash_state = {}};  // a repeated request hashes the file again
  return stores_.metadata.record_upload_expectation(writer.id(), writer.record().generation, expected,
                                                    std::move(progress), clock_.now());
}

Task<Result<void>> UploadBlob::publish(Writer& writer, Digest digest) {
  const std::uint64_t size_bytes = writer.bytes->size_bytes();
  const KeyLock::Guard guard = co_await locks_.digests.acquire(digest.to_string(), policy_.limits.digest_lock_wait);
  std::exception_ptr failure;
  try {
    co_await writer.bytes->publish(digest);
  } catch (...) {
    failure = std::current_exception();
  }
  if (failure) {
    // The row stays: if the rename was done, its expected digest leads to the file.
    writer.bytes.reset();
    std::rethrow_exception(failure);
  }
  const WallTime now = clock_.now();
  CommitBlob commit{.repository = writer.record().repository,
                    .digest = digest,
                    .size_bytes = size_bytes,
                    .upload = writer.id(),
                    .now = now,
                    .promised_until = now + policy_.promise,
                    .review_due = now + policy_.review_grace,
                    .quota = policy_.quotas.guard()};
  // Somebody else took the room meanwhile: the bytes are on record all the same, and the collector's.
  const auto commit_to = [this, &commit](RepositoryName repository) {
    commit.repository = std::move(repository);
    return stores_.metadata.commit_blob(commit);
  };
  const std::optional<QuotaExceeded> exceeded = co_await under_its_name(commit.repository, commit_to);
  if (exceeded) co_return std::unexpected(policy_.quotas.refusal(*exceeded));
  co_return Result<void>();
}

// The rename was done and the commit was not. The bytes lie where the blob belongs, but whether the rename itself
// reached the disk is unknown, so they are put in place once more, from a verified copy.
Task<Result<void>> UploadBlob::recover_bytes(Writer& writer, Digest expected) {
  const std::optional<ByteSource> source = co_await stores_.blobs.open(expected);
  if (!source) co_return std::unexpected(unknown(writer.id()));
  log_.info("a closing request is taken up again after a crash",
            {{"upload", writer.id().text()}, {"digest", expected.to_string()}});
  writer.bytes = co_await stores_.uploads.open(
      writer.id(), {.durable_offset = 0, .algorithm = expected.algorithm(), .hash_state = {}});
  if (!writer.bytes) co_return std::unexpected(unknown(writer.id()));
  writer.claimed.record.progress.durable_offset = 0;  // if the bytes are not the digest's, the copy goes again
  co_await copy_bytes(*source, *writer.bytes, disk_);
  co_return Result<void>();
}

}  // namespace berth
