#include "migration/absent_content.h"

#include <optional>
#include <string>
#include <utility>

namespace berth {

AbsentContentRemover::AbsentContentRemover(LinkTree& tree, AdoptionStore& store, LinkStore& links, const Clock& clock,
                                           AbsentContentOptions options)
    : tree_(tree), store_(store), links_(links), clock_(clock), options_(options) {}

AbsentContent AbsentContentRemover::piece_of(RepositoryName repository) const {
  const WallTime now = clock_.now();
  return {.repository = std::move(repository),
          .who = kDistribution,
          .now = now,
          .review_due = now + options_.grace,
          .to_trash = options_.uses_trash};
}

Task<std::uint64_t> AbsentContentRemover::remove_from(RepositoryName repository) {
  // Tags first: a manifest takes its tags along, whose histories would say something else then.
  const std::uint64_t tags = co_await remove_tags(repository);
  const std::uint64_t manifests = co_await remove_manifests(repository);
  co_return tags + manifests;
}

Task<std::uint64_t> AbsentContentRemover::remove_tags(RepositoryName repository) {
  std::uint64_t removed = 0;
  std::string after;
  for (;;) {
    const std::vector<LinkRow> rows = co_await links_.tags(repository, after, options_.batch_size);
    if (rows.empty()) co_return removed;
    after = rows.back().tag->text();
    std::vector<WantedLink> places;
    for (const LinkRow& row : rows) {
      places.push_back({.place = WantedLink::Place::tag, .repository = repository, .tag = row.tag});
    }
    AbsentContent absent = piece_of(repository);
    const std::vector<bool> is_there = co_await which_are_there(std::move(places));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_there[i]) absent.tags.emplace_back(*rows[i].tag, rows[i].digest);
    }
    if (!absent.tags.empty()) removed += co_await store_.remove_absent(std::move(absent));
  }
}

Task<std::uint64_t> AbsentContentRemover::remove_manifests(RepositoryName repository) {
  std::uint64_t removed = 0;
  std::int64_t last = 0;
  for (;;) {
    const std::vector<LinkRow> rows = co_await links_.revisions(repository, last, options_.batch_size);
    if (rows.empty()) co_return removed;
    last = rows.back().id;
    std::vector<WantedLink> places;
    for (const LinkRow& row : rows) {
      places.push_back({.place = WantedLink::Place::revision, .repository = repository, .item = row.digest});
    }
    AbsentContent absent = piece_of(repository);
    const std::vector<bool> is_there = co_await which_are_there(std::move(places));
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!is_there[i]) absent.manifests.push_back(rows[i].digest);
    }
    if (!absent.manifests.empty()) removed += co_await store_.remove_absent(std::move(absent));
  }
}

/// What differs from not being there is there.
Task<std::vector<bool>> AbsentContentRemover::which_are_there(std::vector<WantedLink> places) {
  std::vector<bool> is_there(places.size(), false);
  for (const std::size_t i : co_await tree_.apply(std::move(places), LinkAction::compare)) is_there[i] = true;
  co_return is_there;
}

Task<> AbsentContentRemover::remove_layers() {
  std::optional<std::string> from = std::string();
  while (from) {
    LayerPage page = co_await links_.layers(*from, options_.batch_size);
    from = std::move(page.next);
    std::vector<WantedLink> places;
    for (const LayerRow& row : page.entries) {
      places.push_back({.place = WantedLink::Place::layer, .repository = row.repository, .item = row.digest});
    }
    const std::vector<bool> is_there = co_await which_are_there(std::move(places));
    for (std::size_t i = 0; i < page.entries.size(); ++i) {
      if (is_there[i]) continue;
      AbsentContent absent = piece_of(page.entries[i].repository);
      absent.layers = {page.entries[i].digest};
      co_await store_.remove_absent(std::move(absent));
    }
  }
}

}  // namespace berth
