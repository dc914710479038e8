#include "migration/transfer_desk.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <exception>
#include <utility>

#include "base/failure.h"
#include "migration/backup_source.h"
#include "migration/stored_manifest.h"

namespace berth {
namespace {

constexpr std::size_t kFailureLimit = 5'000;
constexpr std::size_t kMostAtOnce = 500;

/// One image goes under the tag that was asked for: the one that is called `from` there, or the only one.
class Renamed final : public ContentSource {
 public:
  Renamed(ContentSource& inner, Tag from, Tag tag) : inner_(inner), from_(std::move(from)), tag_(std::move(tag)) {}
  Task<std::vector<std::string>> repositories() override { return inner_.repositories(); }
  Task<std::vector<SourceRoot>> roots(std::string repository) override {
    std::vector<SourceRoot> roots = co_await inner_.roots(std::move(repository));
    const auto named = std::ranges::find_if(
        roots, [this](const SourceRoot& root) { return std::ranges::find(root.tags, from_) != root.tags.end(); });
    if (named != roots.end()) {
      std::vector<SourceRoot> one;
      one.push_back({.digest = named->digest, .tags = {tag_}});
      co_return one;
    }
    if (roots.size() != 1) {
      throw Failure(FailureKind::internal,
                    fmt::format("there are {} images, and none is called {}", roots.size(), from_.text()));
    }
    roots.front().tags = {tag_};
    co_return roots;
  }
  Task<std::optional<SourceManifest>> manifest(std::string repository, Digest digest) override {
    return inner_.manifest(std::move(repository), digest);
  }
  Task<std::optional<SourceBlob>> blob(std::string repository, Digest digest) override {
    return inner_.blob(std::move(repository), digest);
  }
  Task<std::vector<Digest>> referrers(std::string repository, Digest digest) override {
    return inner_.referrers(std::move(repository), digest);
  }

 private:
  ContentSource& inner_;
  const Tag from_;
  const Tag tag_;
};

}  // namespace

bool fits_pattern(std::string_view pattern, std::string_view name) {
  const std::size_t star = pattern.find('*');
  if (star == std::string_view::npos) return pattern == name;
  if (!name.starts_with(pattern.substr(0, star))) return false;
  const std::string_view rest = pattern.substr(star + 1);
  name.remove_prefix(star);
  for (std::size_t skipped = 0; skipped <= name.size(); ++skipped) {
    if (fits_pattern(rest, name.substr(skipped))) return true;
  }
  return false;
}

TransferDesk::TransferDesk(boost::asio::any_io_executor loop, Parts parts)
    : loop_(std::move(loop)), parts_(std::move(parts)) {}

Result<std::uint64_t> TransferDesk::start(ImportOrder order) {
  return begin([this, order = std::move(order)] { return bring_in(order); });
}

Result<std::uint64_t> TransferDesk::start(ExportOrder order) {
  return begin([this, order = std::move(order)] { return take_out(order); });
}

Result<std::uint64_t> TransferDesk::begin(std::function<Task<>()> work) {
  if (is_stopping_) return refuse(ErrorCode::overloaded, "the server is stopping");
  std::uint64_t number = 0;
  {
    const std::lock_guard lock(mutex_);
    if (view_.is_running) return refuse(ErrorCode::conflict, "a transfer of images is under way");
    view_ = TransferView{.run = view_.run + 1, .is_running = true};
    number = view_.run;
  }
  boost::asio::co_spawn(loop_, run(std::move(work)), boost::asio::detached);
  return number;
}

Task<> TransferDesk::run(std::function<Task<>()> work) {
  std::string failure;
  try {
    co_await work();
    if (is_stopping_) failure = "the server is stopping";
  } catch (const std::exception& error) {
    failure = error.what();
  }
  const std::lock_guard lock(mutex_);
  parts_.log.info("transfer ended", {{"repositories", view_.report.repositories},
                                     {"manifests", view_.report.manifests},
                                     {"blobs", view_.report.blobs},
                                     {"bytes", view_.report.bytes},
                                     {"failures", view_.report.failures},
                                     {"failure", failure}});
  view_.is_running = false;
  view_.failure = std::move(failure);
}

std::optional<TransferView> TransferDesk::look(std::uint64_t run, std::uint64_t from) {
  const std::lock_guard lock(mutex_);
  if (run == 0 || view_.run != run) return std::nullopt;
  TransferView view = view_;
  const std::size_t begin = std::min<std::size_t>(from, view_.failures.size());
  const std::size_t end = std::min(begin + kMostAtOnce, view_.failures.size());
  view.first = begin;
  view.failures.assign(view_.failures.begin() + static_cast<std::ptrdiff_t>(begin),
                       view_.failures.begin() + static_cast<std::ptrdiff_t>(end));
  // The end is told only with the last of them.
  view.is_running = view.is_running || end < view_.failures.size();
  return view;
}

Task<std::unique_ptr<ContentSource>> TransferDesk::open(const ImportOrder& order) {
  if (const auto* layout = std::get_if<LayoutPlace>(&order.from)) {
    co_return std::make_unique<OciLayoutSource>(layout->directory, parts_.disk);
  }
  if (const auto* registry = std::get_if<RemoteRegistryOptions>(&order.from)) {
    co_return std::make_unique<RemoteRegistry>(*registry);
  }
  const auto& place = std::get<BackupPlace>(order.from);
  co_return co_await run_blocking(parts_.disk, [&]() -> std::unique_ptr<ContentSource> {
    auto directory = std::make_unique<BackupDirectory>(place.directory, std::nullopt);
    const std::vector<BackupEntry> entries = directory->list();
    const auto entry = place.name ? std::ranges::find(entries, *place.name, &BackupEntry::name) : entries.end();
    if (entries.empty() || (place.name && entry == entries.end())) {
      throw Failure(FailureKind::internal,
                    fmt::format("there is no backup {} in {}", place.name.value_or(""), place.directory));
    }
    const std::string& name = place.name ? entry->name : entries.back().name;
    auto snapshot = parts_.open_snapshot(directory->path_of(name, "metadata.db"));
    return std::make_unique<BackupSource>(std::move(directory), std::move(snapshot), parts_.disk);
  });
}

Task<> TransferDesk::bring_in(ImportOrder order) {
  const std::unique_ptr<ContentSource> source = co_await open(order);
  ImportRun run{.items = {},
                .only_tags = order.tags,
                .with_referrers = order.with_referrers,
                .keeps_tags = order.keeps_tags,
                .parallel = order.parallel,
                .who = order.who,
                .should_stop = [this] { return is_stopping_.load(); }};
  std::vector<std::string> names;
  const bool is_one = !order.pattern.empty() && order.pattern.find('*') == std::string::npos;
  if (is_one) {
    names.push_back(order.pattern);  // without a catalog, which not everybody may read
  } else {
    for (std::string& name : co_await source->repositories()) {
      if (order.pattern.empty() || fits_pattern(order.pattern, name)) names.push_back(std::move(name));
    }
  }
  if (order.to && names.size() != 1) {
    throw Failure(FailureKind::internal, fmt::format("there are {} repositories, and one name for them", names.size()));
  }
  std::vector<std::string> failures;
  for (const std::string& name : names) {
    const Result<RepositoryName> to = order.to ? *order.to : RepositoryName::parse(order.prefix + name);
    if (to) {
      run.items.push_back({.from = name, .to = *to});
    } else {
      failures.push_back(fmt::format("{}: {}", name, to.error().message));
    }
  }
  {
    const std::lock_guard lock(mutex_);
    view_.repositories_total = run.items.size();
    view_.failures = std::move(failures);
    view_.report.failures = view_.failures.size();
  }
  std::optional<Renamed> renamed;
  if (order.as_tag) {
    renamed.emplace(*source, order.tags.size() == 1 ? order.tags.front() : *order.as_tag, *order.as_tag);
    run.only_tags.clear();
  }
  ContentSource& from = renamed ? static_cast<ContentSource&>(*renamed) : *source;
  const std::size_t refused = names.size() - run.items.size();
  co_await parts_.importer.run(
      from, std::move(run),
      [this, refused](const ImportReport& so_far) {
        const std::lock_guard lock(mutex_);
        view_.report = so_far;
        view_.report.failures += refused;
      },
      [this](const std::string& what) {
        const std::lock_guard lock(mutex_);
        if (view_.failures.size() < kFailureLimit) view_.failures.push_back(what);
      });
}

Task<> TransferDesk::take_out(ExportOrder order) {
  const auto layout =
      co_await run_blocking(parts_.disk, [&] { return std::make_unique<OciLayoutWriter>(order.directory); });
  for (const ExportOrder::Image& image : order.images) {
    if (is_stopping_) co_return;
    const Tag* tag = std::get_if<Tag>(&image.reference);
    Task<std::optional<ManifestRecord>> look =
        tag != nullptr ? parts_.metadata.find_tagged_manifest(image.repository, *tag)
                       : parts_.metadata.find_manifest(image.repository, std::get<Digest>(image.reference));
    const std::optional<ManifestRecord> record = co_await std::move(look);
    if (!record) {
      throw Failure(FailureKind::internal, fmt::format("{}: there is no such image", image.name));
    }
    co_await take_manifest(*layout, image.repository, *record);
    layout->put_root(record->digest, record->media_type, record->bytes.size(), image.name);
    const std::lock_guard lock(mutex_);
    ++view_.report.repositories;
  }
  co_await run_blocking(parts_.disk, [&] { layout->finish(); });
}

Task<> TransferDesk::take_manifest(OciLayoutWriter& layout, RepositoryName repository, ManifestRecord record) {
  const Result<Manifest> manifest = Manifest::parse(record.bytes.view(), record.media_type, parts_.manifests);
  if (!manifest) throw Failure(FailureKind::internal, manifest.error().message);
  for (const Descriptor& child : manifest->manifests) {
    const std::optional<ManifestRecord> there = co_await parts_.metadata.find_manifest(repository, child.digest);
    if (there) co_await take_manifest(layout, repository, *there);  // an index may be sparse
  }
  std::vector<Descriptor> blobs = manifest->layers;
  if (manifest->config) blobs.push_back(*manifest->config);
  for (const Descriptor& blob : blobs) {
    if (is_stopping_) throw Failure(FailureKind::shutting_down, "the server is stopping");
    const bool is_there = co_await run_blocking(parts_.disk, [&] { return layout.has_blob(blob.digest); });
    if (is_there || !blob.urls.empty()) continue;
    const std::optional<BlobLink> link = co_await parts_.metadata.find_blob(repository, blob.digest);
    const std::optional<ByteSource> source = link ? co_await parts_.blobs.open(blob.digest) : std::nullopt;
    if (!source || source->file() == nullptr) {
      throw Failure(FailureKind::internal,
                    fmt::format("the blob {} is not there: berth check", blob.digest.to_string()));
    }
    co_await run_blocking(parts_.disk, [&] { layout.put_blob(blob.digest, *source->file()); });
    const std::lock_guard lock(mutex_);
    ++view_.report.blobs;
    view_.report.bytes += source->size();
  }
  co_await run_blocking(parts_.disk, [&] { layout.put_bytes(record.digest, record.bytes.view()); });
  const std::lock_guard lock(mutex_);
  ++view_.report.manifests;
}

}  // namespace berth
