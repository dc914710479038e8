#include "registry/start_upload.h"

#include <utility>

#include "registry/renamed_repository.h"

namespace berth {

StartUpload::StartUpload(MetadataStore& metadata, const Clock& clock, Entropy& entropy, SpaceGuard& space,
                         QuotaCheck& quotas, const RegistryPolicy& policy, std::string instance_id)
    : metadata_(metadata),
      clock_(clock),
      entropy_(entropy),
      space_(space),
      quotas_(quotas),
      policy_(policy),
      instance_id_(std::move(instance_id)) {}

Task<Result<UploadStatus>> StartUpload::start(RepositoryName repository, HashAlgorithm algorithm) {
  const Result<void> space = co_await space_.check(0);
  if (!space) co_return std::unexpected(space.error());
  const Result<void> quota = co_await quotas_.check_unknown(repository, 0);
  if (!quota) co_return std::unexpected(quota.error());
  Result<UploadId> id = UploadId::parse(random_uuid(entropy_));
  if (!id) co_return std::unexpected(std::move(id.error()));
  const WallTime now = clock_.now();
  // Claimed from the start: the requests that follow on this instance need no write to take it.
  UploadRecord record{.id = *id,
                      .repository = repository,
                      .owner = instance_id_,
                      .generation = 1,
                      .started = now,
                      .last_active = now,
                      .progress = {.durable_offset = 0, .algorithm = algorithm, .hash_state = {}},
                      .expected = {}};
  const auto create_in = [this, &record](RepositoryName name) {
    record.repository = std::move(name);
    return metadata_.create_upload(record);
  };
  co_await under_its_name(std::move(repository), create_in);
  co_return UploadStatus{.id = std::move(*id), .size_bytes = 0};
}

Task<Result<std::optional<BlobLink>>> StartUpload::mount(RepositoryName repository, MountRequest request) {
  const WallTime now = clock_.now();
  MountBlob mount{.to = repository,
                  .digest = request.digest,
                  .from = std::move(request.from),
                  .now = now,
                  .promised_until = now + policy_.promise,
                  .review_due = now + policy_.review_grace,
                  .quota = policy_.quotas.guard()};
  const auto mount_to = [this, &mount](RepositoryName to) {
    mount.to = std::move(to);
    return metadata_.mount_blob(mount);
  };
  const MountOutcome outcome = co_await under_its_name(std::move(repository), mount_to);
  if (outcome.exceeded) co_return std::unexpected(policy_.quotas.refusal(*outcome.exceeded));
  co_return outcome.link;
}

}  // namespace berth
