#include "migration/content_importer.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <exception>
#include <utility>

#include "migration/stored_manifest.h"

namespace berth {
namespace {

constexpr std::chrono::milliseconds kLook{5};

Result<void> missing(const std::string& what) {
  return refuse(ErrorCode::not_found, what + " is not there");
}

}  // namespace

struct ContentImporter::State {
  ContentSource& source;
  const ImportRun& run;
  const std::function<void(const ImportReport& so_far)>& on_progress;
  const std::function<void(const std::string& what)>& on_failure;
  ImportReport report = {};
  std::size_t under_way = 0;

  bool should_stop() {
    if (run.should_stop && run.should_stop()) report.was_stopped = true;
    return report.was_stopped;
  }
  void tell() const {
    if (on_progress) on_progress(report);
  }
  void fail(const std::string& what) {
    ++report.failures;
    if (on_failure) on_failure(what);
  }
};

ContentImporter::ContentImporter(Parts parts, ImporterOptions options) : parts_(parts), options_(options) {}

Task<ImportReport> ContentImporter::run(ContentSource& source, ImportRun run,
                                        std::function<void(const ImportReport& so_far)> on_progress,
                                        std::function<void(const std::string& what)> on_failure) {
  State state{.source = source, .run = run, .on_progress = on_progress, .on_failure = on_failure};
  for (const ImportItem& item : run.items) {
    if (state.should_stop()) break;
    co_await import_repository(state, item);
    ++state.report.repositories;
    state.tell();
  }
  co_return state.report;
}

Task<> ContentImporter::import_repository(State& state, ImportItem item) {
  std::vector<SourceRoot> roots;
  std::string failure;
  try {
    roots = co_await state.source.roots(item.from);
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    state.fail(fmt::format("{}: {}", item.from, failure));
    co_return;
  }
  if (!state.run.only_tags.empty()) {
    for (SourceRoot& root : roots) {
      std::erase_if(root.tags, [&](const Tag& tag) {
        return std::ranges::find(state.run.only_tags, tag) == state.run.only_tags.end();
      });
    }
    std::erase_if(roots, [](const SourceRoot& root) { return root.tags.empty(); });
  }
  const auto loop = co_await boost::asio::this_coro::executor;
  boost::asio::steady_timer timer(loop);
  for (SourceRoot& root : roots) {
    while (state.under_way >= std::max<std::size_t>(state.run.parallel, 1)) {
      timer.expires_after(kLook);
      co_await timer.async_wait(boost::asio::use_awaitable);
    }
    if (state.should_stop()) break;
    ++state.under_way;
    boost::asio::co_spawn(loop, import_root(state, item, std::move(root)), boost::asio::detached);
  }
  while (state.under_way > 0) {
    timer.expires_after(kLook);
    co_await timer.async_wait(boost::asio::use_awaitable);
  }
}

Task<> ContentImporter::import_root(State& state, ImportItem item, SourceRoot root) {
  std::string failure;
  try {
    const Result<void> done = co_await bring_root(state, item, root);
    if (!done) failure = done.error().message;
  } catch (const std::exception& error) {
    failure = error.what();
  }
  if (!failure.empty()) {
    const std::string name =
        root.tags.empty() ? item.from + "@" + root.digest.to_string() : item.from + ":" + root.tags.front().text();
    parts_.log.warn("import: an image could not be brought in", {{"image", name}, {"reason", failure}});
    state.fail(fmt::format("{}: {}", name, failure));
  }
  state.tell();
  --state.under_way;
}

Task<Result<void>> ContentImporter::bring_root(State& state, const ImportItem& item, const SourceRoot& root) {
  if (Result<void> brought = co_await bring_manifest(state, item, root.digest, 0); !brought) co_return brought;
  co_return co_await put_tags(state, item, root);
}

/// What it names first: a manifest is there only with all that it needs.
Task<Result<void>> ContentImporter::bring_manifest(State& state, const ImportItem& item, Digest digest,
                                                   std::size_t depth) {
  if (depth > options_.nesting_depth) co_return refuse(ErrorCode::manifest_invalid, "indexes are nested too deeply");
  const std::optional<ManifestRecord> known = co_await parts_.metadata.find_manifest(item.to, digest);
  if (known) {
    ++state.report.known;
    if (state.run.with_referrers) co_return co_await bring_referrers(state, item, digest, depth);
    co_return Result<void>();
  }
  std::optional<SourceManifest> found = co_await state.source.manifest(item.from, digest);
  if (!found) co_return missing("manifest " + digest.to_string());
  if (digest_of(digest.algorithm(), found->bytes.view()) != digest) {
    co_return refuse(ErrorCode::digest_invalid, "manifest " + digest.to_string() + " has other bytes there");
  }
  const Result<Manifest> manifest = found->media_type.empty()
                                        ? parse_stored_manifest(found->bytes.view(), options_.manifests)
                                        : Manifest::parse(found->bytes.view(), found->media_type, options_.manifests);
  if (!manifest) co_return std::unexpected(manifest.error());
  for (const Descriptor& child : manifest->manifests) {
    // An index may list what was never pushed; the registry's rules say whether that is taken.
    const std::optional<SourceManifest> there = co_await state.source.manifest(item.from, child.digest);
    if (!there) continue;
    if (Result<void> brought = co_await bring_manifest(state, item, child.digest, depth + 1); !brought) {
      co_return brought;
    }
  }
  std::vector<Descriptor> blobs = manifest->layers;
  if (manifest->config) blobs.push_back(*manifest->config);
  for (const Descriptor& blob : blobs) {
    if (state.should_stop()) co_return refuse(ErrorCode::overloaded, "it was stopped");
    if (!blob.urls.empty()) continue;
    if (Result<void> brought = co_await bring_blob(state, item, blob); !brought) co_return brought;
  }
  const Result<PushedManifest> pushed = co_await parts_.push_manifest.push({.repository = item.to,
                                                                            .reference = digest,
                                                                            .more_tags = {},
                                                                            .content_type = manifest->media_type,
                                                                            .bytes = std::string(found->bytes.view()),
                                                                            .who = state.run.who});
  if (!pushed) co_return std::unexpected(pushed.error());
  ++state.report.manifests;
  state.tell();
  if (state.run.with_referrers) co_return co_await bring_referrers(state, item, digest, depth);
  co_return Result<void>();
}

Task<Result<void>> ContentImporter::bring_referrers(State& state, const ImportItem& item, Digest digest,
                                                    std::size_t depth) {
  for (const Digest& referrer : co_await state.source.referrers(item.from, digest)) {
    if (Result<void> brought = co_await bring_manifest(state, item, referrer, depth + 1); !brought) co_return brought;
  }
  co_return Result<void>();
}

Task<Result<void>> ContentImporter::bring_blob(State& state, const ImportItem& item, const Descriptor& blob) {
  // A mount promises the blob, too; without one what is there may go before the manifest comes.
  const Result<std::optional<BlobLink>> mounted =
      co_await parts_.start_upload.mount(item.to, {.digest = blob.digest, .from = std::nullopt});
  if (!mounted) co_return std::unexpected(mounted.error());
  if (*mounted) co_return Result<void>();
  std::optional<SourceBlob> found = co_await state.source.blob(item.from, blob.digest);
  if (!found) co_return missing("blob " + blob.digest.to_string());
  const Result<Digest> pushed = co_await parts_.upload_blob.push(
      item.to, blob.digest, {.reader = *found->bytes, .length_bytes = found->size_bytes, .offset = std::nullopt});
  if (!pushed) co_return std::unexpected(pushed.error());
  ++state.report.blobs;
  state.report.bytes += blob.size_bytes;
  state.tell();
  co_return Result<void>();
}

Task<Result<void>> ContentImporter::put_tags(State& state, const ImportItem& item, const SourceRoot& root) {
  if (root.tags.empty()) co_return Result<void>();
  const std::optional<ManifestRecord> record = co_await parts_.metadata.find_manifest(item.to, root.digest);
  if (!record) co_return missing("manifest " + root.digest.to_string());
  for (const Tag& tag : root.tags) {
    const std::optional<ManifestRecord> named = co_await parts_.metadata.find_tagged_manifest(item.to, tag);
    if (named && (named->digest == root.digest || state.run.keeps_tags)) continue;
    const Result<PushedManifest> pushed =
        co_await parts_.push_manifest.push({.repository = item.to,
                                            .reference = tag,
                                            .more_tags = {},
                                            .content_type = record->media_type,
                                            .bytes = std::string(record->bytes.view()),
                                            .who = state.run.who});
    if (!pushed) co_return std::unexpected(pushed.error());
    ++state.report.tags;
  }
  co_return Result<void>();
}

}  // namespace berth
