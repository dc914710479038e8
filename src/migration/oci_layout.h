// OciLayoutSource: directories in the layout of the OCI image specification (image-layout.md): one, or a tree of them
// as zot keeps its repositories. OciLayoutWriter: makes one.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "async/run_blocking.h"
#include "migration/content_source.h"

namespace berth {

class OciLayoutSource final : public ContentSource {
 public:
  /// A layout itself is the repository "". Everything blocks only on `disk`.
  OciLayoutSource(std::string directory, BlockingPool& disk);

  Task<std::vector<std::string>> repositories() override;
  Task<std::vector<SourceRoot>> roots(std::string repository) override;
  Task<std::optional<SourceManifest>> manifest(std::string repository, Digest digest) override;
  Task<std::optional<SourceBlob>> blob(std::string repository, Digest digest) override;
  /// All manifests of a layout that nothing names are roots.
  Task<std::vector<Digest>> referrers(std::string repository, Digest digest) override;

 private:
  std::string path_of(const std::string& repository, const Digest& digest) const;

  const std::string directory_;
  BlockingPool& disk_;
};

/// Everything blocks: for jobs on the disk pool. Throws Failure(storage), Failure(storage_full).
class OciLayoutWriter {
 public:
  /// Makes the directory, or adds to the layout that is there. Failure(storage) if something else is.
  explicit OciLayoutWriter(std::string directory);

  bool has_blob(const Digest& digest) const;
  void put_blob(const Digest& digest, const FileRegion& file);
  void put_bytes(const Digest& digest, std::string_view bytes);
  /// In index.json; `name` becomes org.opencontainers.image.ref.name, in the place of whatever had it.
  void put_root(const Digest& digest, const std::string& media_type, std::uint64_t size_bytes, const std::string& name);
  /// Writes index.json, after which the layout says what it holds.
  void finish();

 private:
  struct Root {
    std::string media_type;
    std::string digest;
    std::uint64_t size_bytes = 0;
  };
  std::string blob_path(const Digest& digest) const;
  void load();

  const std::string directory_;
  std::map<std::string, Root> roots_;  ///< by name
  std::vector<std::string> unnamed_;   ///< descriptors that were there, as JSON
};

}  // namespace berth
