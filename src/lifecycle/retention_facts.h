// What a retention plan is made of: the tags and untagged manifests that there are, as plain values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "content/digest.h"
#include "content/repository_name.h"

namespace berth {

/// A tag with the manifest that it names, or a manifest that no tag of its repository names.
struct RetentionFact {
  std::optional<Tag> tag;
  Digest digest;
  std::string media_type = {};
  std::string artifact_type = {};  ///< empty if it has none
  WallTime pushed = {};            ///< of a tag: when it began to name this manifest
  std::optional<WallTime> last_pulled = {};
  bool is_immutable = false;       ///< the tag may neither move nor be deleted
  bool is_child_of_index = false;  ///< an index that is in use names the manifest
  /// The manifest is a referrer of one that is in use, or the tag one of cosign's (`sha256-<hex>.sig`) for it.
  bool has_live_subject = false;
  bool is_pinned = false;    ///< somebody said that it must stay (metadata/pin_store.h)
  bool is_promised = false;  ///< a client was told that the manifest exists (gc.promise), and may be about to name it
  std::uint64_t size_bytes = 0;
};

struct RetentionRepository {
  RepositoryName name;
  std::vector<RetentionFact> facts;
};

/// In any order.
struct RetentionWorld {
  std::vector<RetentionRepository> repositories;
  WallTime now;
};

}  // namespace berth
