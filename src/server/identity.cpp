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
    return refuse(
        ErrorCode::denied,
        fmt::format("{}/{} is there but the metadata is empty, and starting without it would hide every image: put "
                    "the metadata database back (a copy, metadata.sqlite.path, or berth restore), make it anew "
                    "(berth check --rebuild), or read the link tree again (berth import --adopt-again)",
                    root, layout::kIdentity));
  }
  if (facts.metadata_id && !facts.metadata_is_empty) {
    return refuse(ErrorCode::denied,
                  fmt::format("the metadata belongs to {} but {}/{} is missing: is the volume with the blobs mounted?",
                              *facts.metadata_id, root, layout::kIdentity));
  }
  if (facts.has_foreign_repositories) return IdentityPlan::adopt;
  return facts.metadata_id ? IdentityPlan::resume : IdentityPlan::begin;
}

namespace {

Task<IdentityFacts> gather_facts(IdentitySides sides) {
  IdentityFacts facts;
  facts.storage_id = co_await sides.storage.read();
  facts.metadata_id = co_await sides.metadata.registry_id();
  facts.has_foreign_repositories = sides.adoption != nullptr && co_await sides.storage.has_foreign_repositories();
  const auto repositories = co_await sides.metadata.list_repositories(std::nullopt, 1);
  const auto uploads = co_await sides.metadata.list_uploads(WallTime::max(), std::nullopt, 1);
  facts.metadata_is_empty = repositories.entries.empty() && uploads.empty();
  co_return facts;
}

}  // namespace

Task<std::string> establish_identity(IdentitySides sides, Entropy& entropy, WallTime now, std::string root) {
  const IdentityFacts facts = co_await gather_facts(sides);
  const Result<IdentityPlan> plan = plan_identity(facts, root);
  if (!plan) throw Failure(FailureKind::internal, plan.error().message);
  if (*plan == IdentityPlan::proceed) co_return *facts.storage_id;

  // The metadata first: a crash in between leaves an empty database with an id, which the next start completes. The
  // other way round it would leave blobs' id without metadata, which is what losing the database looks like. And what
  // is to be adopted before the id, since a root with an id is ours.
  if (*plan == IdentityPlan::adopt) {
    const std::optional<AdoptionRecord> begun = co_await sides.adoption->adoption(AdoptionKind::first);
    if (!begun) co_await sides.adoption->begin_adoption(AdoptionKind::first, now);
  }
  std::string id = facts.metadata_id.value_or("");
  if (!facts.metadata_id) {
    id = random_uuid(entropy);
    co_await sides.metadata.set_registry_id(id);
  }
  co_await sides.storage.create(id);
  co_return id;
}

Task<Result<void>> adopt_again(IdentitySides sides, WallTime now) {
  const IdentityFacts facts = co_await gather_facts(sides);
  if (!facts.storage_id) co_return refuse(ErrorCode::conflict, "the root has no id: berth serve adopts it by itself");
  if (facts.metadata_id || !facts.metadata_is_empty) {
    co_return refuse(ErrorCode::conflict, "the metadata is not empty: move the database away first");
  }
  co_await sides.adoption->begin_adoption(AdoptionKind::first, now);
  co_await sides.metadata.set_registry_id(*facts.storage_id);
  co_return Result<void>();
}

}  // namespace berth
