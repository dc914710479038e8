#include "server/identity.h"

#include <fmt/format.h>

#include "base/failure.h"
#include "storage/layout.h"

namespace berth {

Result<IdentityPlan> plan_identity(const IdentityFacts& facts, const std::string& root) {
  if (facts.storage_id && facts.metadata_id) {
    if (*facts.storage_id == *facts.metadata_id) return IdentityPlan::proceed;
    return refuse(ErrorCode::denied,
                  fmt::format("{}/{} says {} but the metadata belongs to {}: point metadata.sqlite.path or the root "
                              "directory at the one that belongs to it, or use a root of its own",
                              root, layout::kIdentity, *facts.storage_id, *facts.metadata_id));
  }
  if (facts.storage_id) {
    return refuse(ErrorCode::denied,
                  fmt::format("{}/{} is there but the metadata is empty: put the registry's metadata database back (from "
                              "a copy, or by setting metadata.sqlite.path); starting without it would hide every image",
                              root, layout::kIdentity));
  }
  if (facts.has_foreign_repositories) {
    return refuse(ErrorCode::denied,
                  fmt::format("{} holds a registry of CNCF Distribution ({}), which this version cannot adopt yet: "
                              "start on another root and copy the images over (skopeo sync); nothing was touched",
                              root, layout::kRepositories));
  }
  if (facts.metadata_id && !facts.metadata_is_empty) {
    return refuse(ErrorCode::denied,
                  fmt::format("the metadata belongs to {} but {}/{} is missing: is the volume with the blobs mounted?",
                              *facts.metadata_id, root, layout::kIdentity));
  }
  return facts.metadata_id ? IdentityPlan::resume : IdentityPlan::begin;
}

Task<std::string> establish_identity(IdentityFile& storage, MetadataStore& metadata, Entropy& entropy,
                                     std::string root) {
  IdentityFacts facts;
  facts.storage_id = co_await storage.read();
  facts.metadata_id = co_await metadata.registry_id();
  facts.has_foreign_repositories = co_await storage.has_foreign_repositories();
  const auto repositories = co_await metadata.list_repositories(std::nullopt, 1);
  const auto uploads = co_await metadata.list_uploads(WallTime::max(), std::nullopt, 1);
  facts.metadata_is_empty = repositories.entries.empty() && uploads.empty();

  const Result<IdentityPlan> plan = plan_identity(facts, root);
  if (!plan) throw Failure(FailureKind::internal, plan.error().message);
  if (*plan == IdentityPlan::proceed) co_return *facts.storage_id;

  // The metadata first: a crash in between leaves an empty database with an id, which the next start completes. The other
  // way round it would leave blobs' id without metadata, which is what losing the database looks like.
  std::string id = facts.metadata_id.value_or("");
  if (*plan == IdentityPlan::begin) {
    id = random_uuid(entropy);
    co_await metadata.set_registry_id(id);
  }
  co_await storage.create(id);
  co_return id;
}

}  // namespace berth
