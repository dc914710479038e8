// AbsentContentRemover: takes out of the records what another registry deleted from the link tree meanwhile.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "async/task.h"
#include "base/clock.h"
#include "content/repository_name.h"
#include "metadata/adoption_store.h"
#include "metadata/link_store.h"
#include "storage/link_tree.h"

namespace berth {

/// Who changed what a volume that was handed back brings along.
inline constexpr const char* kDistribution = "distribution";

struct AbsentContentOptions {
  std::chrono::seconds grace{24 * 3600};  ///< until the collector looks at what nothing seems to use
  bool uses_trash = false;                ///< what goes can be brought back
  std::size_t batch_size = 64;            ///< tags, manifests or layers of one look
};

/// Threading: on one loop; repositories may be looked at side by side there.
/// Failures:  throws what the stores throw.
/// Crash:     what went is gone; the next run finds the rest.
class AbsentContentRemover {
 public:
  /// Lifetime: all of it outlives the remover.
  AbsentContentRemover(LinkTree& tree, AdoptionStore& store, LinkStore& links, const Clock& clock,
                       AbsentContentOptions options);

  /// Tags and manifests of a repository; how many went.
  Task<std::uint64_t> remove_from(RepositoryName repository);
  /// Links of layers, of all repositories.
  Task<> remove_layers();

 private:
  AbsentContent piece_of(RepositoryName repository) const;
  Task<std::uint64_t> remove_tags(RepositoryName repository);
  Task<std::uint64_t> remove_manifests(RepositoryName repository);
  Task<std::vector<bool>> which_are_there(std::vector<WantedLink> places);

  LinkTree& tree_;
  AdoptionStore& store_;
  LinkStore& links_;
  const Clock& clock_;
  const AbsentContentOptions options_;
};

}  // namespace berth
