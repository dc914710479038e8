// SqliteLinkStore: what the link tree has to say, in the embedded metadata database.
#pragma once

#include <atomic>

#include "metadata/link_store.h"
#include "metadata/sqlite/readers.h"
#include "metadata/sqlite/write_queue.h"

namespace berth {

/// Part of a SqliteMetadataStore, which owns it and what it works with.
class SqliteLinkStore final : public LinkStore {
 public:
  /// `follows` says of each connection that writes whether it queues changes.
  SqliteLinkStore(sqlite::Readers& readers, sqlite::WriteQueue& writer, std::atomic<bool>& follows)
      : readers_(readers), writer_(writer), follows_(follows) {}

  Task<LinkTreeState> link_state() override;
  Task<> set_link_state(LinkTreeState state) override;
  Task<std::vector<QueuedLink>> queued_links(std::int64_t after, std::size_t limit) override;
  Task<> finish_links(std::vector<std::int64_t> numbers) override;
  Task<std::uint64_t> queued_link_count() override;
  Task<std::vector<RepositoryName>> all_repositories(std::string after, std::size_t limit) override;
  Task<std::vector<LinkRow>> revisions(RepositoryName repository, std::int64_t after, std::size_t limit) override;
  Task<std::vector<LinkRow>> tags(RepositoryName repository, std::string after, std::size_t limit) override;
  Task<LayerPage> layers(std::string from, std::size_t limit) override;
  Task<std::vector<Digest>> layers_of(RepositoryName repository, std::vector<std::int64_t> manifests) override;
  Task<LinksKnown> which_are_known(LinksAsked asked) override;

 private:
  sqlite::Readers& readers_;
  sqlite::WriteQueue& writer_;
  std::atomic<bool>& follows_;
};

namespace sqlite {
/// What the database says; for the start.
LinkTreeState read_link_state(Connection& connection);
}  // namespace sqlite

}  // namespace berth
