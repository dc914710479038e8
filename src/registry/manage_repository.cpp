#include "registry/manage_repository.h"

#include <fmt/format.h>

#include <set>
#include <utility>
#include <variant>
#include <vector>

#include "registry/protected_tag.h"

namespace berth {
namespace {

constexpr std::size_t kPageSize = 1000;
constexpr const char* kTurn = "names";
constexpr std::chrono::seconds kTurnLimit{60};

std::unexpected<Error> refuse_unknown(const RepositoryName& repository) {
  return refuse(ErrorCode::name_unknown, fmt::format("there is no repository {}", repository.text()),
                {repository.text()});
}

std::string_view why(NameTaken taken) {
  switch (taken) {
    case NameTaken::by_repository:
      return "is a repository: delete it first";
    case NameTaken::by_trash:
      return "was deleted and can still be brought back: empty the trash first";
    case NameTaken::by_alias:
      return "is the old name of another repository: remove that alias first";
  }
  return "is taken";
}

}  // namespace

Result<void> ManageRepository::check_writable() const {
  if (world_.read_only.is_on()) return refuse(ErrorCode::read_only, "the registry is read-only");
  return {};
}

Task<std::optional<Tag>> ManageRepository::find_protected(RepositoryName repository, TagGuard protects) {
  if (!protects) co_return std::nullopt;
  std::optional<std::string> after;
  for (;;) {
    const Page<Tag> page = co_await world_.metadata.list_tags(repository, after, kPageSize);
    for (const Tag& tag : page.entries) {
      if (protects(tag)) co_return tag;
    }
    if (!page.has_more) co_return std::nullopt;
    after = page.entries.back().text();
  }
}

Task<Result<RepositoryGone>> ManageRepository::remove(RepositoryName repository, std::string who, TagGuard protects) {
  if (!policy_.allows_deletes) {
    co_return refuse(ErrorCode::deletes_disabled,
                     "deletes are disabled: set storage.delete.enabled to true to allow them");
  }
  if (const std::optional<Tag> kept = co_await find_protected(repository, protects)) co_return refuse_protected(*kept);
  const WallTime now = world_.clock.now();
  const DeleteRepository request{.repository = repository,
                                 .who = std::move(who),
                                 .now = now,
                                 .review_due = now + policy_.review_grace,
                                 .protects = std::move(protects),
                                 .to_trash = policy_.uses_trash};
  RepositoryGone gone{.is_in_trash = policy_.uses_trash};
  for (bool is_all = false; !is_all;) {
    if (Result<void> writable = check_writable(); !writable) co_return std::unexpected(std::move(writable.error()));
    const DeleteRepositoryOutcome outcome = co_await world_.repositories.delete_repository(request);
    if (const auto* kept = std::get_if<TagProtected>(&outcome)) co_return refuse_protected(kept->tag);
    if (std::holds_alternative<RepositoryUnknown>(outcome)) co_return refuse_unknown(repository);
    const auto& deleted = std::get<RepositoryDeleted>(outcome);
    gone.manifests += deleted.manifests;
    gone.tags += deleted.tags;
    is_all = deleted.is_all;
  }
  co_await load_aliases();
  co_return gone;
}

Task<Result<RepositoryBack>> ManageRepository::bring_back(RepositoryName repository, std::string who) {
  // What one remove() took has one time.
  std::optional<WallTime> last;
  std::vector<Digest> manifests;
  std::int64_t after = 0;
  for (bool has_more = true; has_more;) {
    const Page<TrashedManifest> page = co_await world_.trash.list_trash(repository, after, kPageSize);
    has_more = page.has_more;
    for (const TrashedManifest& trashed : page.entries) {
      after = trashed.number;
      if (last && trashed.trashed < *last) continue;
      if (!last || trashed.trashed > *last) manifests.clear();
      last = trashed.trashed;
      manifests.push_back(trashed.digest);
    }
  }
  if (manifests.empty()) {
    co_return refuse(ErrorCode::not_found, fmt::format("nothing of {} is in the trash", repository.text()),
                     {repository.text()});
  }
  RepositoryBack back;
  std::set<Digest> is_back;
  for (const Digest& manifest : manifests) {
    // An index has brought what it names.
    if (is_back.contains(manifest)) continue;
    const Result<Undone> undone = co_await world_.undo.restore_manifest(repository, manifest, who);
    if (!undone) co_return std::unexpected(undone.error());
    is_back.insert(undone->restored.begin(), undone->restored.end());
    back.manifests += undone->restored.size();
    back.tags += undone->tags.size();
    back.taken += undone->taken.size();
  }
  co_return back;
}

Task<Result<void>> ManageRepository::rename(RepositoryName from, RepositoryName to, std::chrono::seconds alias) {
  if (Result<void> writable = check_writable(); !writable) co_return writable;
  if (from == to) co_return refuse(ErrorCode::conflict, fmt::format("{} is its name already", to.text()));
  const KeyLock::Guard turn = co_await turns_.acquire(kTurn, kTurnLimit);
  const AliasBook::Change change(world_.aliases);
  const WallTime now = world_.clock.now();
  const RenameRepositoryOutcome outcome = co_await world_.repositories.rename_repository(
      {.from = from,
       .to = to,
       .now = now,
       .alias_until = alias.count() > 0 ? std::optional(now + alias) : std::nullopt});
  if (std::holds_alternative<RepositoryUnknown>(outcome)) co_return refuse_unknown(from);
  if (const auto* taken = std::get_if<NameTaken>(&outcome)) {
    co_return refuse(ErrorCode::conflict, fmt::format("{} {}", to.text(), why(*taken)), {to.text()});
  }
  co_await forget_expired_aliases(now);
  co_await world_.aliases.load();
  co_return Result<void>();
}

/// So that they do not grow for ever.
Task<> ManageRepository::forget_expired_aliases(WallTime now) {
  std::optional<RepositoryName> after;
  for (bool has_more = true; has_more;) {
    const Page<RepositoryAlias> page = co_await world_.repositories.list_aliases(after, kPageSize);
    has_more = page.has_more;
    for (const RepositoryAlias& alias : page.entries) {
      after = alias.name;
      if (alias.until <= now) co_await world_.repositories.delete_alias(alias.name);
    }
  }
}

Task<Page<RepositoryAlias>> ManageRepository::list_aliases(std::optional<RepositoryName> after, std::size_t limit) {
  return world_.repositories.list_aliases(std::move(after), limit);
}

Task<Result<void>> ManageRepository::remove_alias(RepositoryName alias) {
  if (Result<void> writable = check_writable(); !writable) co_return writable;
  if (!co_await world_.repositories.delete_alias(alias)) {
    co_return refuse(ErrorCode::not_found, fmt::format("{} is no alias", alias.text()), {alias.text()});
  }
  co_await load_aliases();
  co_return Result<void>();
}

Task<> ManageRepository::load_aliases() {
  const KeyLock::Guard turn = co_await turns_.acquire(kTurn, kTurnLimit);
  const AliasBook::Change change(world_.aliases);
  co_await world_.aliases.load();
}

}  // namespace berth
