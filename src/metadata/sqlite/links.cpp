// Links: what the link tree has to say, and what of it waits to be written.
#include <set>
#include <string_view>
#include <utility>

#include "metadata/sqlite/link_rows.h"
#include "metadata/sqlite/link_triggers.h"
#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/row_place.h"
#include "metadata/sqlite/sqlite_link_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::RowPlace;
using sqlite::Statement;

namespace {

constexpr std::string_view kLinkTree = "link_tree";

/// What the metadata says now of what was queued.
void complete(Connection& connection, QueuedLink& link) {
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, link.repository);
  if (!repository) return;
  switch (link.kind) {
    case QueuedKind::revision: {
      Query pushed = connection.query(Statement::find_manifest_pushed, *link.item, *repository);
      if (!pushed.step()) return;
      link.digest = link.item;
      link.since = pushed.time(0);
      return;
    }
    case QueuedKind::layer:
      if (connection.query(Statement::read_link_promise, *link.item, *repository).step()) link.digest = link.item;
      return;
    case QueuedKind::tag: {
      Query target = connection.query(Statement::find_tag, *repository, link.tag->text());
      if (!target.step()) return;
      link.digest = target.digest(0);
      Query since = connection.query(Statement::find_tag_since, *repository, link.tag->text());
      if (since.step()) link.since = since.time(0);
      return;
    }
    case QueuedKind::repository:
      // Any digest: it is there.
      if (connection.query(Statement::repository_exists, link.repository.text()).step()) {
        link.digest = digest_of(HashAlgorithm::sha256, {});
      }
      return;
  }
}

std::vector<QueuedLink> read_queue(Connection& connection, std::int64_t after, std::size_t limit) {
  std::vector<QueuedLink> links;
  {
    Query query = connection.query(Statement::list_queued_links, after, sqlite::limit_and_one(limit) - 1);
    while (query.step()) {
      QueuedLink link{.number = query.integer(0),
                      .kind = static_cast<QueuedKind>(query.integer(1)),
                      .repository = sqlite::stored_repository_name(query.bytes(2))};
      if (link.kind == QueuedKind::tag) link.tag = sqlite::stored_tag(query.bytes(3));
      if (link.kind == QueuedKind::revision || link.kind == QueuedKind::layer) link.item = query.digest(3);
      links.push_back(std::move(link));
    }
  }
  for (QueuedLink& link : links) complete(connection, link);
  return links;
}

LayerPage read_layers(Connection& connection, const RowPlace& from, std::size_t limit) {
  const std::int64_t rows = sqlite::limit_and_one(limit) - 1;
  Query query = from.digest ? connection.query(Statement::list_layer_links, *from.digest, from.repository, rows)
                            : connection.query(Statement::list_layer_links, BorrowedBytes{}, std::int64_t{0}, rows);
  LayerPage page;
  while (query.step()) {
    page.entries.push_back({.repository = sqlite::stored_repository_name(query.bytes(2)), .digest = query.digest(0)});
    if (page.entries.size() == limit) {
      page.next = sqlite::to_text(query.integer(1), page.entries.back().digest);
    }
  }
  return page;
}

LinksKnown known_in(Connection& connection, const LinksAsked& asked) {
  LinksKnown known;
  const std::optional<RepositoryId> repository = sqlite::find_repository(connection, asked.repository);
  for (const Digest& digest : asked.revisions) {
    known.revisions.push_back(repository && sqlite::find_manifest_id(connection, *repository, digest).has_value());
  }
  for (const Digest& digest : asked.layers) {
    known.layers.push_back(repository && connection.query(Statement::read_link_promise, digest, *repository).step());
  }
  for (const Tag& tag : asked.tags) {
    known.tags.push_back(repository && connection.query(Statement::find_tag, *repository, tag.text()).step());
  }
  return known;
}

}  // namespace

LinkTreeState sqlite::read_link_state(Connection& connection) {
  Query query = connection.query(Statement::read_setting, kLinkTree);
  if (!query.step()) return LinkTreeState::ignored;
  if (query.bytes(0) == "current") return LinkTreeState::current;
  return query.bytes(0) == "following" ? LinkTreeState::following : LinkTreeState::ignored;
}

Task<LinkTreeState> SqliteLinkStore::link_state() {
  return readers_.run([](Connection& connection) { return sqlite::read_link_state(connection); });
}

Task<> SqliteLinkStore::set_link_state(LinkTreeState state) {
  const std::string_view word = state == LinkTreeState::current     ? "current"
                                : state == LinkTreeState::following ? "following"
                                                                    : "ignored";
  const bool follows = state != LinkTreeState::ignored;
  // Before the first change that is to be queued, also on a connection that is opened afresh meanwhile; and until the
  // last.
  if (follows) follows_ = true;
  co_await writer_.run(0, [word, follows](Connection& connection) {
    connection.change(Statement::write_setting, kLinkTree, word);
    if (follows) {
      sqlite::install_link_triggers(connection);
    } else {
      sqlite::remove_link_triggers(connection);
      connection.change(Statement::empty_link_queue);
    }
  });
  if (!follows) follows_ = false;
}

Task<std::vector<QueuedLink>> SqliteLinkStore::queued_links(std::int64_t after, std::size_t limit) {
  return readers_.run([after, limit](Connection& connection) { return read_queue(connection, after, limit); });
}

Task<> SqliteLinkStore::finish_links(std::vector<std::int64_t> numbers) {
  return writer_.run(0, [numbers = std::move(numbers)](Connection& connection) {
    for (const std::int64_t number : numbers) connection.change(Statement::finish_queued_link, number);
  });
}

Task<std::uint64_t> SqliteLinkStore::queued_link_count() {
  return readers_.run([](Connection& connection) {
    Query query = connection.query(Statement::count_queued_links);
    return query.step() ? query.count(0) : 0;
  });
}

Task<std::vector<RepositoryName>> SqliteLinkStore::all_repositories(std::string after, std::size_t limit) {
  return readers_.run([after = std::move(after), limit](Connection& connection) {
    return sqlite::read_repositories(connection, after, limit);
  });
}

Task<std::vector<LinkRow>> SqliteLinkStore::revisions(RepositoryName repository, std::int64_t after,
                                                      std::size_t limit) {
  return readers_.run([repository = std::move(repository), after, limit](Connection& connection) {
    return sqlite::read_revisions(connection, repository, after, limit);
  });
}

Task<std::vector<LinkRow>> SqliteLinkStore::tags(RepositoryName repository, std::string after, std::size_t limit) {
  return readers_.run([repository = std::move(repository), after = std::move(after), limit](Connection& connection) {
    return sqlite::read_tags(connection, repository, after, limit);
  });
}

Task<LayerPage> SqliteLinkStore::layers(std::string from, std::size_t limit) {
  return readers_.run(
      [from = sqlite::place_at(from), limit](Connection& connection) { return read_layers(connection, from, limit); });
}

Task<std::vector<Digest>> SqliteLinkStore::layers_of(RepositoryName repository, std::vector<std::int64_t> manifests) {
  return readers_.run([repository = std::move(repository), manifests = std::move(manifests)](Connection& connection) {
    std::set<Digest> named;
    for (const std::int64_t manifest : manifests) {
      Query query = connection.query(Statement::list_blobs_of_manifest, manifest);
      while (query.step()) named.insert(query.digest(0));
    }
    std::vector<Digest> layers;
    const std::optional<RepositoryId> home = sqlite::find_repository(connection, repository);
    if (!home) return layers;
    for (const Digest& digest : named) {
      if (connection.query(Statement::read_link_promise, digest, *home).step()) layers.push_back(digest);
    }
    return layers;
  });
}

Task<LinksKnown> SqliteLinkStore::which_are_known(LinksAsked asked) {
  return readers_.run([asked = std::move(asked)](Connection& connection) { return known_in(connection, asked); });
}

}  // namespace berth
