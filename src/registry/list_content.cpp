#include "registry/list_content.h"

#include <utility>

namespace berth {

Task<Result<Page<Tag>>> ListContent::tags(RepositoryName repository, std::optional<std::string> after,
                                          std::size_t limit) {
  Page<Tag> page = co_await metadata_.list_tags(repository, std::move(after), limit);
  if (page.entries.empty()) {
    // Only an empty list leaves open whether there is a repository: most requests need one look.
    const bool exists = co_await metadata_.repository_exists(repository);
    if (!exists) {
      co_return refuse(ErrorCode::name_unknown, "repository name not known to registry", {repository.text()});
    }
  }
  co_return page;
}

Task<Page<RepositoryName>> ListContent::repositories(std::optional<std::string> after, std::size_t limit) {
  return metadata_.list_repositories(std::move(after), limit);
}

Task<Page<ReferrerRecord>> ListContent::referrers(RepositoryName repository, Digest subject,
                                                  std::optional<std::string> artifact_type, std::optional<Digest> after,
                                                  std::size_t limit) {
  return metadata_.list_referrers(std::move(repository), subject, std::move(artifact_type), after, limit);
}

Task<std::vector<TagChange>> ListContent::tag_history(RepositoryName repository, Tag tag, std::size_t limit) {
  return metadata_.tag_history(std::move(repository), std::move(tag), limit);
}

}  // namespace berth
