#include "metadata/change_counting_trash_store.h"

#include "base/at_end.h"

namespace berth {

Task<RestoreOutcome> ChangeCountingTrashStore::restore(RestoreManifest request) {
  // So rare, and of so much, that it is not worth counting one by one: links, manifests, tags, lists.
  const AtEnd count([this] { changes_.everything_changed(); });
  co_return co_await inner_.restore(std::move(request));
}

}  // namespace berth
