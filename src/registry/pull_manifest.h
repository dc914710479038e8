// PullManifest: a manifest by tag or digest.
#pragma once

#include "base/result.h"
#include "content/reference.h"
#include "metadata/metadata_store.h"
#include "registry/promise_book.h"

namespace berth {

/// Threading: any loop.
class PullManifest {
 public:
  PullManifest(MetadataStore& metadata, PromiseBook& promises);

  /// manifest_unknown, whether the repository is unknown or the manifest.
  Task<Result<ManifestRecord>> get(RepositoryName repository, Reference reference);

  /// The same, and a promise: what a HEAD asks.
  Task<Result<ManifestRecord>> find(RepositoryName repository, Reference reference);

  /// What a client gets that asked for a tag and understands single images only: a manifest list's linux/amd64 child if
  /// the repository has it, else `record` as it is.
  Task<ManifestRecord> choose_for_single_image_client(RepositoryName repository, ManifestRecord record);

 private:
  MetadataStore& metadata_;
  PromiseBook& promises_;
};

}  // namespace berth
