// Pins of the MemoryMetadataStore.
#include <utility>

#include "metadata/memory/memory_metadata_store.h"

namespace berth {

Task<bool> MemoryMetadataStore::put_pin(Pin pin) {
  const std::lock_guard lock(mutex_);
  Repository* home = find_repository(pin.repository);
  if (!home) co_return false;
  const auto found = home->manifests.find(pin.digest);
  if (found == home->manifests.end()) co_return false;
  found->second.pin = {.since = pin.since, .who = std::move(pin.who), .why = std::move(pin.why)};
  co_return true;
}

Task<bool> MemoryMetadataStore::delete_pin(RepositoryName repository, Digest digest, WallTime review_due) {
  const std::lock_guard lock(mutex_);
  Repository* home = find_repository(repository);
  if (!home) co_return false;
  const auto found = home->manifests.find(digest);
  if (found == home->manifests.end() || !found->second.pin) co_return false;
  found->second.pin.reset();
  review(ReviewKind::manifest, repository, digest, review_due);
  co_return true;
}

Task<PinPage> MemoryMetadataStore::list_pins(std::string from, std::size_t limit) {
  const std::lock_guard lock(mutex_);
  PinPage page;
  const auto place = [](const Pin& pin) { return pin.repository.text() + ' ' + pin.digest.to_string(); };
  for (const auto& [name, repository] : repositories_) {
    for (const auto& [digest, manifest] : repository.manifests) {
      if (!manifest.pin) continue;
      Pin pin{.repository = name,
              .digest = digest,
              .since = manifest.pin->since,
              .who = manifest.pin->who,
              .why = manifest.pin->why};
      // A name has no character below the space, so places ascend as names and digests do.
      if (!from.empty() && place(pin) <= from) continue;
      if (page.entries.size() == limit) {
        page.next = place(page.entries.back());
        co_return page;
      }
      page.entries.push_back(std::move(pin));
    }
  }
  co_return page;
}

}  // namespace berth
