#include "migration/link_exporter.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>

namespace berth {
namespace {

constexpr std::size_t kPage = 1'000;

std::string words_of(const AdoptionProblem& problem) {
  // A broken link says which kind of thing it is about.
  const std::size_t space = problem.item.find(' ');
  return space == std::string::npos ? problem.item : problem.item.substr(space + 1);
}

}  // namespace

std::string describe(const WantedLink& wanted) {
  const std::string& name = wanted.repository.text();
  switch (wanted.place) {
    case WantedLink::Place::revision:
      return fmt::format("manifest {}@{}", name, wanted.item->to_string());
    case WantedLink::Place::layer:
      return fmt::format("blob {}@{}", name, wanted.item->to_string());
    case WantedLink::Place::tag:
      return fmt::format("tag {}:{}", name, wanted.tag->text());
    case WantedLink::Place::repository:
      return fmt::format("repository {}", name);
  }
  return {};
}

struct LinkExporter::Export {
  const ExportRun& run;
  ExportReport report = {};
  std::set<std::pair<std::string, std::string>> problems = {};  ///< what stays: (repository, item)
  std::set<std::string> problem_repositories = {};

  bool should_stop() {
    if (run.should_stop && run.should_stop()) report.was_stopped = true;
    return report.was_stopped;
  }
  bool stays(const std::string& repository, const std::string& item) const {
    return problems.contains({repository, item});
  }
};

LinkExporter::LinkExporter(World world, LinkExporterOptions options) : world_(std::move(world)), options_(options) {}

Task<ExportReport> LinkExporter::run(ExportRun run) {
  Export to{.run = run};
  const bool is_writing = run.action == LinkAction::write;
  // From here on every change waits in the queue until it is in the tree, too.
  const LinkTreeState state = co_await world_.links.link_state();
  if (is_writing && state == LinkTreeState::ignored) co_await world_.links.set_link_state(LinkTreeState::following);
  if (world_.copy_manifests) co_await world_.copy_manifests();
  if (!is_writing && state != LinkTreeState::ignored) co_await write_queue(run.should_stop);
  co_await load_problems(to);
  std::string after;
  while (!to.should_stop()) {
    const std::vector<RepositoryName> names = co_await world_.links.all_repositories(after, kPage);
    if (names.empty()) break;
    after = names.back().text();
    for (const RepositoryName& name : names) {
      if (to.should_stop()) break;
      co_await export_repository(to, name);
      ++to.report.repositories;
      if (run.on_progress) run.on_progress(to.report);
    }
  }
  if (!to.should_stop()) co_await export_layers(to);
  if (!to.should_stop()) co_await remove_unknown(to);
  if (is_writing) co_await world_.tree.sync();
  if (is_writing && !to.should_stop()) {
    co_await write_queue(run.should_stop);
    co_await world_.links.set_link_state(LinkTreeState::current);
  }
  co_return to.report;
}

Task<> LinkExporter::load_problems(Export& to) {
  std::int64_t after = 0;
  for (;;) {
    const std::vector<AdoptionProblem> page = co_await world_.adoption.problems(after, kPage);
    if (page.empty()) co_return;
    after = page.back().number;
    for (const AdoptionProblem& problem : page) {
      to.problems.emplace(problem.repository, words_of(problem));
      to.problem_repositories.insert(problem.repository);
    }
  }
}

Task<> LinkExporter::export_repository(Export& to, RepositoryName name) {
  std::int64_t last = 0;
  while (!to.should_stop()) {
    const std::vector<LinkRow> rows = co_await world_.links.revisions(name, last, options_.batch_size);
    if (rows.empty()) break;
    last = rows.back().id;
    std::vector<WantedLink> wanted;
    std::vector<Digest> digests;
    for (const LinkRow& row : rows) {
      digests.push_back(row.digest);
      wanted.push_back({.place = WantedLink::Place::revision,
                        .repository = name,
                        .digest = row.digest,
                        .item = row.digest,
                        .since = row.since});
    }
    co_await put_missing_copies(to, std::move(digests));
    co_await apply(to, std::move(wanted));
  }
  std::string after;
  while (!to.should_stop()) {
    const std::vector<LinkRow> rows = co_await world_.links.tags(name, after, options_.batch_size);
    if (rows.empty()) break;
    after = rows.back().tag->text();
    std::vector<WantedLink> wanted;
    for (const LinkRow& row : rows) {
      wanted.push_back({.place = WantedLink::Place::tag,
                        .repository = name,
                        .digest = row.digest,
                        .tag = row.tag,
                        .since = row.since});
    }
    co_await apply(to, std::move(wanted));
  }
}

/// A registry serves a manifest from its blob.
Task<> LinkExporter::put_missing_copies(Export& to, std::vector<Digest> digests) {
  const std::vector<FileLook> looks = co_await world_.files.look_at(digests, 0);
  for (std::size_t i = 0; i < digests.size(); ++i) {
    if (looks[i].size_bytes) continue;
    ++to.report.written;
    if (to.run.on_difference) to.run.on_difference("blob of the manifest " + digests[i].to_string());
    if (to.run.action == LinkAction::compare) continue;
    const KeyLock::Guard guard =
        co_await world_.digest_locks.acquire(digests[i].to_string(), options_.digest_lock_wait);
    std::optional<SharedBytes> bytes = co_await world_.scrub.manifest_bytes(digests[i]);
    if (!bytes) continue;  // deleted meanwhile
    co_await world_.blobs.put(digests[i], *std::move(bytes));
    co_await world_.scrub.mark_blob_found(digests[i], world_.clock.now());
  }
}

Task<> LinkExporter::export_layers(Export& to) {
  std::optional<std::string> from = std::string();
  while (from && !to.should_stop()) {
    LayerPage page = co_await world_.links.layers(*from, options_.batch_size);
    from = std::move(page.next);
    std::vector<WantedLink> wanted;
    for (const LayerRow& row : page.entries) {
      wanted.push_back(
          {.place = WantedLink::Place::layer, .repository = row.repository, .digest = row.digest, .item = row.digest});
    }
    co_await apply(to, std::move(wanted));
  }
}

Task<> LinkExporter::apply(Export& to, std::vector<WantedLink> wanted) {
  const std::vector<WantedLink> all = wanted;
  const std::vector<std::size_t> differing = co_await world_.tree.apply(std::move(wanted), to.run.action);
  for (const std::size_t i : differing) {
    ++(all[i].digest ? to.report.written : to.report.removed);
    if (to.run.on_difference) to.run.on_difference(describe(all[i]));
  }
  to.report.links += static_cast<std::uint64_t>(
      std::ranges::count_if(all, [](const WantedLink& each) { return each.digest.has_value(); }));
}

Task<> LinkExporter::remove_unknown(Export& to) {
  const auto walk = world_.tree.repositories();
  while (!to.should_stop()) {
    const std::vector<std::string> names = co_await walk->next(kPage);
    if (names.empty()) co_return;
    for (const std::string& name : names) {
      if (to.should_stop()) co_return;
      co_await remove_unknown_of(to, name);
    }
  }
}

Task<> LinkExporter::remove_unknown_of(Export& to, std::string name) {
  const Result<RepositoryName> repository = RepositoryName::parse(name);
  if (!repository) co_return;  // never ours
  std::uint64_t kept = 0;
  const auto tags = world_.tree.tags(name);
  for (;;) {
    const std::vector<TagLinks> page = co_await tags->next(options_.batch_size);
    if (page.empty()) break;
    LinksAsked asked{.repository = *repository};
    for (const TagLinks& each : page) {
      const Result<Tag> tag = Tag::parse(each.name);
      if (tag && !to.stays(name, each.name)) asked.tags.push_back(*tag);
    }
    kept += page.size() - asked.tags.size();
    const std::vector<Tag> all = asked.tags;
    const LinksKnown known = co_await world_.links.which_are_known(std::move(asked));
    std::vector<WantedLink> gone;
    for (std::size_t i = 0; i < all.size(); ++i) {
      if (known.tags[i]) {
        ++kept;
      } else {
        gone.push_back({.place = WantedLink::Place::tag, .repository = *repository, .tag = all[i]});
      }
    }
    co_await apply(to, std::move(gone));
  }
  for (const LinkKind kind : {LinkKind::revision, LinkKind::layer}) {
    const bool is_revision = kind == LinkKind::revision;
    const auto links = world_.tree.links(name, kind);
    for (;;) {
      const std::vector<DigestLink> page = co_await links->next(options_.batch_size);
      if (page.empty()) break;
      std::vector<Digest> all;
      for (const DigestLink& each : page) {
        const Result<Digest> place = Digest::parse(each.place);
        if (place && !to.stays(name, each.place)) all.push_back(*place);
      }
      kept += page.size() - all.size();
      LinksAsked asked{.repository = *repository};
      (is_revision ? asked.revisions : asked.layers) = all;
      const LinksKnown known = co_await world_.links.which_are_known(std::move(asked));
      const std::vector<bool>& is_known = is_revision ? known.revisions : known.layers;
      std::vector<WantedLink> gone;
      for (std::size_t i = 0; i < all.size(); ++i) {
        if (is_known[i]) {
          ++kept;
        } else {
          gone.push_back({.place = is_revision ? WantedLink::Place::revision : WantedLink::Place::layer,
                          .repository = *repository,
                          .item = all[i]});
        }
      }
      co_await apply(to, std::move(gone));
    }
  }
  // Nothing of it is left, and nothing in it is still to be settled.
  if (kept == 0 && !to.problem_repositories.contains(name)) {
    std::vector<WantedLink> gone;
    gone.push_back({.place = WantedLink::Place::repository, .repository = *repository});
    co_await apply(to, std::move(gone));
  }
}

Task<std::size_t> LinkExporter::write_queue(std::function<bool()> should_stop) {
  std::size_t finished = 0;
  std::int64_t after = 0;
  const ExportRun quiet;
  Export to{.run = quiet};
  while (!should_stop || !should_stop()) {
    const std::vector<QueuedLink> queued = co_await world_.links.queued_links(after, options_.batch_size);
    if (queued.empty()) break;
    after = queued.back().number;
    std::vector<WantedLink> wanted;
    std::vector<Digest> manifests;
    std::vector<std::int64_t> numbers;
    for (const QueuedLink& link : queued) {
      numbers.push_back(link.number);
      switch (link.kind) {
        case QueuedKind::revision:
          wanted.push_back({.place = WantedLink::Place::revision,
                            .repository = link.repository,
                            .digest = link.digest,
                            .item = link.item,
                            .since = link.since});
          if (link.digest) manifests.push_back(*link.digest);
          break;
        case QueuedKind::layer:
          wanted.push_back({.place = WantedLink::Place::layer,
                            .repository = link.repository,
                            .digest = link.digest,
                            .item = link.item});
          break;
        case QueuedKind::tag:
          wanted.push_back({.place = WantedLink::Place::tag,
                            .repository = link.repository,
                            .digest = link.digest,
                            .tag = link.tag,
                            .since = link.since});
          break;
        case QueuedKind::repository:
          if (link.digest) {
            co_await export_repository(to, link.repository);
            co_await export_layers_of(to, link.repository);
          } else {
            co_await remove_unknown_of(to, link.repository.text());
          }
          break;
      }
    }
    co_await put_missing_copies(to, std::move(manifests));
    co_await world_.tree.apply(std::move(wanted), LinkAction::write);
    co_await world_.tree.sync();
    finished += numbers.size();
    co_await world_.links.finish_links(std::move(numbers));
  }
  co_return finished;
}

Task<> LinkExporter::write_queue_to_end() {
  if (world_.copy_manifests) co_await world_.copy_manifests();
  co_await write_queue({});
}

/// Of one repository: those that its manifests need, as Distribution has it.
Task<> LinkExporter::export_layers_of(Export& to, RepositoryName name) {
  std::int64_t last = 0;
  for (;;) {
    const std::vector<LinkRow> rows = co_await world_.links.revisions(name, last, options_.batch_size);
    if (rows.empty()) co_return;
    last = rows.back().id;
    std::vector<std::int64_t> manifests;
    for (const LinkRow& row : rows) manifests.push_back(row.id);
    std::vector<WantedLink> wanted;
    for (const Digest& digest : co_await world_.links.layers_of(name, std::move(manifests))) {
      wanted.push_back({.place = WantedLink::Place::layer, .repository = name, .digest = digest, .item = digest});
    }
    co_await apply(to, std::move(wanted));
  }
}

}  // namespace berth
