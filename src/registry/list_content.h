// ListContent: tags, repositories, referrers and a tag's history, page by page.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "metadata/metadata_store.h"

namespace berth {

/// Threading: any loop.
class ListContent {
 public:
  explicit ListContent(MetadataStore& metadata) : metadata_(metadata) {}

  /// name_unknown if there is no such repository.
  Task<Result<Page<Tag>>> tags(RepositoryName repository, std::optional<std::string> after, std::size_t limit);

  /// Those that hold a manifest.
  Task<Page<RepositoryName>> repositories(std::optional<std::string> after, std::size_t limit);

  /// Empty for an unknown repository or subject (distribution-spec, Listing Referrers: never 404).
  Task<Page<ReferrerRecord>> referrers(RepositoryName repository, Digest subject,
                                       std::optional<std::string> artifact_type, std::optional<Digest> after,
                                       std::size_t limit);

  /// Newest first.
  Task<std::vector<TagChange>> tag_history(RepositoryName repository, Tag tag, std::size_t limit);

 private:
  MetadataStore& metadata_;
};

}  // namespace berth
