// ContentSource: something that holds images: an OCI layout, a backup, another registry.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "async/byte_reader.h"
#include "async/byte_source.h"
#include "async/task.h"
#include "content/digest.h"
#include "content/repository_name.h"

namespace berth {

/// A manifest that something there names.
struct SourceRoot {
  Digest digest;
  std::vector<Tag> tags = {};
};

struct SourceManifest {
  SharedBytes bytes;
  std::string media_type = {};  ///< empty: the bytes say it
};

struct SourceBlob {
  std::unique_ptr<ByteReader> bytes;
  std::optional<std::uint64_t> size_bytes = {};
};

/// Threading: one loop. Failures: throws Failure(storage) or Failure(interrupted) with words for whoever asked.
class ContentSource {
 public:
  virtual ~ContentSource() = default;

  /// Names as they are there, all of them.
  virtual Task<std::vector<std::string>> repositories() = 0;
  virtual Task<std::vector<SourceRoot>> roots(std::string repository) = 0;
  /// Nothing if it is not there. Whoever asked compares the digest.
  virtual Task<std::optional<SourceManifest>> manifest(std::string repository, Digest digest) = 0;
  virtual Task<std::optional<SourceBlob>> blob(std::string repository, Digest digest) = 0;
  /// Manifests that say they are about it, as far as they are no roots themselves.
  virtual Task<std::vector<Digest>> referrers(std::string repository, Digest digest) = 0;
};

}  // namespace berth
