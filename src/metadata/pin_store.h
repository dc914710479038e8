// PinStore: manifests that somebody said must stay. The collector and retention leave them, tagged or not, with all
// that they need.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "async/task.h"
#include "metadata/records.h"

namespace berth {

struct Pin {
  RepositoryName repository;
  Digest digest;
  WallTime since;
  std::string who;
  std::string why;
  bool operator==(const Pin&) const = default;
};

struct PinPage {
  std::vector<Pin> entries;
  std::optional<std::string> next;  ///< where the next page begins; nothing: that was all
};

/// A pin goes with its manifest, however that goes: who deletes it by its digest means it.
///
/// Threading: any loop. Failures: throws Failure(metadata), Failure(overloaded).
/// Crash:     a write that returned is on stable storage; one that did not is whole or absent.
class PinStore {
 public:
  virtual ~PinStore() = default;

  /// False if there is no such manifest. One that is pinned already is, from now on, pinned like this.
  virtual Task<bool> put_pin(Pin pin) = 0;
  /// The collector looks at the manifest at `review_due`. False if it was not pinned.
  virtual Task<bool> delete_pin(RepositoryName repository, Digest digest, WallTime review_due) = 0;
  /// Those of one repository together. `from` is a page's `next`; empty: the beginning. With anything else a page
  /// begins anywhere.
  virtual Task<PinPage> list_pins(std::string from, std::size_t limit) = 0;
};

}  // namespace berth
