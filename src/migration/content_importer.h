// ContentImporter: brings images in from a ContentSource, as pushes do it: by the registry's rules, verified, durable,
// in any order that somebody stops it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "content/manifest.h"
#include "metadata/metadata_store.h"
#include "migration/content_source.h"
#include "observe/log.h"
#include "registry/push_manifest.h"
#include "registry/start_upload.h"
#include "registry/upload_blob.h"

namespace berth {

struct ImporterOptions {
  std::uint64_t manifest_bytes = 4 * 1024 * 1024;
  ManifestLimits manifests = {};
  std::size_t nesting_depth = 8;  ///< of indexes in indexes
};

struct ImportItem {
  std::string from;  ///< as the source calls it
  RepositoryName to;
};

struct ImportRun {
  std::vector<ImportItem> items;
  std::vector<Tag> only_tags = {};  ///< empty: all that there is
  bool with_referrers = true;
  bool keeps_tags = false;   ///< a tag that is there already stays what it is
  std::size_t parallel = 4;  ///< images at once
  std::string who;
  std::function<bool()> should_stop = {};
};

struct ImportReport {
  std::uint64_t repositories = 0;
  std::uint64_t tags = 0;
  std::uint64_t manifests = 0;  ///< that were not there
  std::uint64_t blobs = 0;      ///< that were not there
  std::uint64_t bytes = 0;      ///< of these
  std::uint64_t known = 0;      ///< manifests that were there already
  std::uint64_t failures = 0;
  bool was_stopped = false;
};

/// Threading: one loop. Failures: what concerns one image is told and the others go on; throws what the source throws
/// when it lists. Crash:     what was brought in stays; the next run finds it there.
class ContentImporter {
 public:
  /// Lifetime: all of it outlives the importer.
  struct Parts {
    MetadataStore& metadata;
    StartUpload& start_upload;
    UploadBlob& upload_blob;
    PushManifest& push_manifest;
    Log& log;
  };
  ContentImporter(Parts parts, ImporterOptions options);

  Task<ImportReport> run(ContentSource& source, ImportRun run,
                         std::function<void(const ImportReport& so_far)> on_progress,
                         std::function<void(const std::string& what)> on_failure);

 private:
  struct State;

  Task<> import_repository(State& state, ImportItem item);
  Task<> import_root(State& state, ImportItem item, SourceRoot root);
  Task<Result<void>> bring_root(State& state, const ImportItem& item, const SourceRoot& root);
  Task<Result<void>> bring_manifest(State& state, const ImportItem& item, Digest digest, std::size_t depth);
  Task<Result<void>> bring_blob(State& state, const ImportItem& item, const Descriptor& blob);
  Task<Result<void>> bring_referrers(State& state, const ImportItem& item, Digest digest, std::size_t depth);
  Task<Result<void>> put_tags(State& state, const ImportItem& item, const SourceRoot& root);

  const Parts parts_;
  const ImporterOptions options_;
};

}  // namespace berth
