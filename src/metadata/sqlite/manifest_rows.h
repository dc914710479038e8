// A manifest's rows, as they come and go: for clients who delete and for the collector.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "metadata/collection_store.h"
#include "metadata/metadata_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth::sqlite {

std::optional<std::int64_t> find_manifest_id(Connection& connection, RepositoryId repository, const Digest& digest);
/// 0 for one that is not there.
std::uint64_t size_of_manifest(Connection& connection, RepositoryId repository, const Digest& digest);
std::vector<Tag> tags_of_manifest(Connection& connection, std::int64_t id);

/// Counts a repository's manifests; true if it is listed now and was not, or the other way round.
bool count_manifest(Connection& connection, RepositoryId repository, std::int64_t by);

struct ManifestToRemove {
  RepositoryId repository;
  const RepositoryName& name;  ///< of the repository
  std::int64_t id;
  Digest digest;
  std::vector<Tag> tags;  ///< all that name it
  std::string who;        ///< for the tags' history
  WallTime now;
  WallTime review_due;  ///< of everything that it kept
  bool to_trash = false;
};

/// Removes it with its tags and schedules what it kept. True if that was the last manifest of its repository.
bool remove_manifest(Connection& connection, const ManifestToRemove& manifest);
/// The same because somebody asked for it, on record as that.
bool remove_on_request(Connection& connection, const ManifestToRemove& manifest);

/// What clients ask for, whole.
DeleteTagOutcome delete_tag(Connection& connection, const DeleteTag& request);
DeleteManifestOutcome delete_manifest(Connection& connection, const DeleteManifest& request);

/// Forgets it there, and schedules nothing.
void take_out_of_trash(Connection& connection, RepositoryId repository, const Digest& digest);

void record_removal(Connection& connection, const Removal& removal);

}  // namespace berth::sqlite
