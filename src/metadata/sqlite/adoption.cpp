// Adoption: what Distribution's link files say, taken over.
#include <algorithm>
#include <map>
#include <utility>
#include <variant>

#include "metadata/link_store.h"
#include "metadata/sqlite/annotations.h"
#include "metadata/sqlite/charges.h"
#include "metadata/sqlite/link_triggers.h"
#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/sqlite_adoption_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Charges;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::Statement;

namespace {

/// Takes a piece of a repository over, in one transaction.
class Adopting {
 public:
  Adopting(Connection& connection, const AdoptContent& content)
      : connection_(connection),
        content_(content),
        // Renamed meanwhile: it goes on where the repository is.
        name_(sqlite::find_renamed(connection, content.repository, content.now).value_or(content.repository)),
        repository_(sqlite::find_or_create_repository(connection, name_, content.now)) {}

  AdoptedContent run() {
    for (std::size_t i = 0; i < content_.blobs.size(); ++i) {
      places_.emplace(content_.blobs[i].digest, i);
      if (!content_.blobs[i].size_bytes) keep_missing(content_.blobs[i].digest);
    }
    for (const AdoptedManifest& manifest : content_.manifests) adopt_manifest(manifest);
    for (const Digest& layer : content_.layers) adopt_layer(layer);
    for (std::size_t i = 0; i < content_.tags.size(); ++i) {
      if (!adopt_tag(content_.tags[i])) done_.dangling.push_back(i);
    }
    return std::move(done_);
  }

 private:
  /// Berth changed it, and the tree does not know yet.
  template <class Item>
  bool is_queued(QueuedKind kind, const Item& item) {
    return content_.kind == AdoptionKind::merge &&
           connection_.query(Statement::find_queued_link, content_.repository.text(), kind, item).step();
  }

  /// Of a first adoption all is told that is on record, so that one that was cut off tells the same in the end.
  void count_known(std::uint64_t& count) const { count += content_.kind == AdoptionKind::first ? 1 : 0; }

  /// Of a volume that comes back only what is on record can be missing: the rest is gone, and rightly.
  void keep_missing(const Digest& digest) {
    connection_.change(
        content_.kind == AdoptionKind::first ? Statement::adopt_missing_blob : Statement::mark_blob_missing, digest);
  }

  /// Something uses it now: on record, and no longer the collector's.
  void use_blob(const Digest& digest) {
    const auto place = places_.find(digest);
    if (place == places_.end() || !content_.blobs[place->second].size_bytes) return;
    connection_.change(Statement::adopt_blob, digest, *content_.blobs[place->second].size_bytes);
    Query state = connection_.query(Statement::find_blob_state, digest);
    const bool is_missing = state.step() && static_cast<BlobState>(state.integer(0)) == BlobState::missing;
    if (is_missing) done_.found.push_back(place->second);
  }

  void adopt_manifest(const AdoptedManifest& manifest) {
    if (sqlite::find_manifest_id(connection_, repository_, manifest.digest)) return count_known(done_.counts.manifests);
    if (is_queued(QueuedKind::revision, manifest.digest)) return;
    Charges charges(connection_, name_, repository_);
    charges.add_manifest(manifest.references, manifest.bytes.size());
    charges.check_and_write();
    connection_.change(Statement::create_manifest, repository_, manifest.digest, manifest.media_type,
                       manifest.artifact_type, manifest.subject, std::uint64_t{manifest.bytes.size()}, manifest.pushed,
                       WallTime(), sqlite::annotations_to_text(manifest.annotations),
                       BorrowedBytes{manifest.bytes.view()});
    const std::int64_t id = connection_.last_row_id();
    use_blob(manifest.digest);
    for (const ManifestReference& reference : manifest.references) {
      connection_.change(Statement::create_reference, id, reference.digest, reference.kind, repository_);
      use_blob(reference.digest);
    }
    sqlite::take_out_of_trash(connection_, repository_, manifest.digest);
    sqlite::count_manifest(connection_, repository_, 1);
    ++done_.counts.manifests;
  }

  void adopt_layer(const Digest& digest) {
    if (connection_.query(Statement::read_link_promise, digest, repository_).step()) {
      use_blob(digest);
      return count_known(done_.counts.layers);
    }
    if (is_queued(QueuedKind::layer, digest)) return;
    use_blob(digest);
    // A link that has outlived its blob: nobody ever pulled it again.
    if (!connection_.query(Statement::find_blob_state, digest).step()) return;
    Charges charges(connection_, name_, repository_);
    charges.link(digest);
    charges.check_and_write();
    connection_.change(Statement::adopt_link, digest, repository_);
    ++done_.counts.layers;
    // Pushed, and its manifest did not come; or a manifest was deleted that named it.
    if (!connection_.query(Statement::find_manifest_that_names, digest, repository_).step()) {
      sqlite::put_review(connection_, ReviewKind::link, repository_, digest, content_.review_due);
    }
  }

  /// False if the repository does not have what it names.
  bool adopt_tag(const AdoptedTag& tag) {
    if (is_queued(QueuedKind::tag, tag.tag.text())) return true;
    const std::optional<Digest> current = current_of(tag.tag);
    if (current == tag.digest) {
      count_known(done_.counts.tags);
      return true;
    }
    // What Berth was told of the tag is younger than what the tree says.
    const bool stands = content_.kind == AdoptionKind::first &&
                        (current || connection_.query(Statement::find_tag_change, repository_, tag.tag.text()).step());
    if (stands) return true;
    const std::optional<std::int64_t> id = sqlite::find_manifest_id(connection_, repository_, tag.digest);
    if (!id) return false;
    if (!current) {
      Charges charges(connection_, name_, repository_);
      charges.sheet().change_tags(1);
      charges.check_and_write();
    }
    connection_.change(Statement::put_tag, repository_, tag.tag.text(), *id);
    for (const TagChange& change : tag.history) {
      // What it was is what is on record; the tree knows only what it became.
      const std::optional<Digest> from = content_.kind == AdoptionKind::merge ? current : change.from;
      connection_.change(Statement::create_tag_change, repository_, tag.tag.text(), change.when, change.who, from,
                         change.to);
    }
    if (current) {
      sqlite::put_review(connection_, ReviewKind::manifest, repository_, *current, content_.review_due);
    }
    ++done_.counts.tags;
    return true;
  }

  std::optional<Digest> current_of(const Tag& tag) {
    Query query = connection_.query(Statement::find_tag, repository_, tag.text());
    if (!query.step()) return std::nullopt;
    return query.digest(0);
  }

  Connection& connection_;
  const AdoptContent& content_;
  const RepositoryName name_;
  const RepositoryId repository_;
  std::map<Digest, std::size_t> places_;  ///< of blobs, in what is adopted
  AdoptedContent done_;
};

std::size_t remove_absent_in(Connection& connection, const AbsentContent& absent) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, absent.repository);
  if (!repository) return 0;
  const auto is_queued = [&](QueuedKind kind, const auto& item) {
    return connection.query(Statement::find_queued_link, absent.repository.text(), kind, item).step();
  };
  std::size_t removed = 0;
  for (const auto& [tag, digest] : absent.tags) {
    if (is_queued(QueuedKind::tag, tag.text())) continue;
    {
      Query current = connection.query(Statement::find_tag, *repository, tag.text());
      if (!current.step() || current.digest(0) != digest) continue;
    }
    sqlite::delete_tag(connection, {.repository = absent.repository,
                                    .tag = tag,
                                    .limits = {},
                                    .who = absent.who,
                                    .now = absent.now,
                                    .review_due = absent.review_due});
    ++removed;
  }
  for (const Digest& digest : absent.manifests) {
    if (is_queued(QueuedKind::revision, digest)) continue;
    const DeleteManifestOutcome outcome = sqlite::delete_manifest(connection, {.repository = absent.repository,
                                                                               .digest = digest,
                                                                               .who = absent.who,
                                                                               .now = absent.now,
                                                                               .review_due = absent.review_due,
                                                                               .to_trash = absent.to_trash});
    removed += std::holds_alternative<ManifestDeleted>(outcome) ? 1 : 0;
  }
  for (const Digest& digest : absent.layers) {
    if (is_queued(QueuedKind::layer, digest)) continue;
    {
      // Whoever was told that it is there may still push its manifest.
      Query promise = connection.query(Statement::read_link_promise, digest, *repository);
      if (!promise.step() || promise.time(0) > absent.now) continue;
    }
    if (connection.query(Statement::find_manifest_that_names, digest, *repository).step()) continue;
    Charges charges(connection, absent.repository, repository);
    charges.unlink(digest);
    charges.check_and_write();
    connection.change(Statement::delete_link, digest, *repository);
    sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, digest, absent.review_due);
    ++removed;
  }
  return removed;
}

std::uint64_t count_in(Connection& connection, Statement statement) {
  Query query = connection.query(statement);
  return query.step() ? query.count(0) : 0;
}

void add_counts(Connection& connection, AdoptionKind kind, const AdoptionCounts& counts) {
  connection.change(Statement::add_adopted, kind, counts.repositories, counts.tags, counts.manifests, counts.layers,
                    counts.unlinked, counts.uploads, counts.removed);
}

}  // namespace

Task<std::optional<AdoptionRecord>> SqliteAdoptionStore::adoption(AdoptionKind kind) {
  return readers_.run([kind](Connection& connection) -> std::optional<AdoptionRecord> {
    AdoptionRecord record;
    {
      Query query = connection.query(Statement::read_adoption, kind);
      if (!query.step()) return std::nullopt;
      record = {.kind = kind,
                .state = static_cast<AdoptionState>(query.integer(1)),
                .began = query.time(2),
                .ended = query.optional_time(3),
                .counts = {.repositories = query.count(4),
                           .tags = query.count(5),
                           .manifests = query.count(6),
                           .layers = query.count(7),
                           .unlinked = query.count(8),
                           .uploads = query.count(9),
                           .removed = query.count(10)}};
    }
    record.problems = count_in(connection, Statement::count_adoption_problems);
    record.holding = count_in(connection, Statement::count_holding_problems);
    return record;
  });
}

Task<> SqliteAdoptionStore::begin_adoption(AdoptionKind kind, WallTime now) {
  return writer_.run(0, [kind, now](Connection& connection) {
    connection.change(Statement::begin_adoption, kind, now);
    connection.change(Statement::delete_adopted_repositories);
    // What was accepted of an earlier one stays accepted; what is not found again goes at the end.
    if (kind == AdoptionKind::first) connection.change(Statement::delete_adoption_problems);
  });
}

Task<AdoptedContent> SqliteAdoptionStore::adopt(AdoptContent content) {
  std::uint64_t size_bytes = 0;
  for (const AdoptedManifest& manifest : content.manifests) size_bytes += manifest.bytes.size();
  return writer_.run(size_bytes, [content = std::move(content)](Connection& connection) {
    const sqlite::LinkPause pause(connection);
    return Adopting(connection, content).run();
  });
}

Task<std::size_t> SqliteAdoptionStore::adopt_unlinked(std::vector<AdoptedBlob> blobs, WallTime now,
                                                      WallTime review_due) {
  return writer_.run(0, [blobs = std::move(blobs), now, review_due](Connection& connection) {
    std::size_t made = 0;
    for (const AdoptedBlob& blob : blobs) {
      if (connection.change(Statement::adopt_unlinked_blob, blob.digest, blob.size_bytes.value_or(0)) == 0) continue;
      sqlite::put_review(connection, ReviewKind::blob, sqlite::kNoRepository, blob.digest, std::max(now, review_due));
      ++made;
    }
    return made;
  });
}

Task<std::size_t> SqliteAdoptionStore::remove_absent(AbsentContent content) {
  return writer_.run(0, [content = std::move(content)](Connection& connection) {
    const sqlite::LinkPause pause(connection);
    return remove_absent_in(connection, content);
  });
}

Task<std::vector<Digest>> SqliteAdoptionStore::without_manifest(RepositoryName repository, AdoptionKind kind,
                                                                std::vector<Digest> digests) {
  // By the writer, which has just written the neighbours: each of its commits empties a reader's cache.
  return writer_.run(
      0, [repository = std::move(repository), kind, digests = std::move(digests)](Connection& connection) {
        const std::optional<RepositoryId> home = sqlite::find_repository(connection, repository);
        std::vector<Digest> without;
        for (const Digest& digest : digests) {
          if (home && sqlite::find_manifest_id(connection, *home, digest)) continue;
          const bool is_going =
              kind == AdoptionKind::merge &&
              connection.query(Statement::find_queued_link, repository.text(), QueuedKind::revision, digest).step();
          if (!is_going) without.push_back(digest);
        }
        return without;
      });
}

Task<> SqliteAdoptionStore::finish_repository(AdoptionKind kind, std::string name, AdoptionCounts counts) {
  return writer_.run(0, [kind, name = std::move(name), counts](Connection& connection) {
    if (connection.change(Statement::put_adopted_repository, name) == 1) add_counts(connection, kind, counts);
  });
}

Task<bool> SqliteAdoptionStore::is_finished(std::string name) {
  return readers_.run([name = std::move(name)](Connection& connection) {
    return connection.query(Statement::find_adopted_repository, name).step();
  });
}

Task<> SqliteAdoptionStore::finish_adoption(AdoptionKind kind, AdoptionCounts rest, WallTime now) {
  return writer_.run(0, [kind, rest, now](Connection& connection) {
    add_counts(connection, kind, rest);
    connection.change(Statement::end_adoption, kind, now);
    connection.change(Statement::delete_old_problems);
    connection.change(Statement::delete_adopted_repositories);
  });
}

Task<> SqliteAdoptionStore::note_problems(std::vector<AdoptionProblem> problems) {
  return writer_.run(0, [problems = std::move(problems)](Connection& connection) {
    for (const AdoptionProblem& problem : problems) {
      connection.change(Statement::put_adoption_problem, problem.repository, problem.item, problem.kind, problem.what,
                        std::int64_t{holds_removal(problem.kind)});
    }
  });
}

Task<std::vector<AdoptionProblem>> SqliteAdoptionStore::problems(std::int64_t after, std::size_t limit) {
  return readers_.run([after, limit](Connection& connection) {
    std::vector<AdoptionProblem> problems;
    Query query = connection.query(Statement::list_adoption_problems, after, sqlite::limit_and_one(limit) - 1);
    while (query.step()) {
      problems.push_back({.kind = static_cast<ProblemKind>(query.integer(1)),
                          .repository = query.text(2),
                          .item = query.text(3),
                          .what = query.text(4),
                          .number = query.integer(0)});
    }
    return problems;
  });
}

Task<std::uint64_t> SqliteAdoptionStore::accept_losses() {
  return writer_.run(0, [](Connection& connection) {
    return static_cast<std::uint64_t>(connection.change(Statement::settle_adoption_problems));
  });
}

}  // namespace berth
