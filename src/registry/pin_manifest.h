// PinManifest: says of manifests that they must stay, whatever retention and the collector would do.
#pragma once

#include <optional>
#include <string>

#include "base/clock.h"
#include "base/result.h"
#include "content/reference.h"
#include "metadata/metadata_store.h"
#include "metadata/pin_store.h"
#include "registry/policy.h"
#include "registry/read_only_mode.h"

namespace berth {

/// Threading: any loop. Lifetime: what it is made of outlives it.
class PinManifest {
 public:
  PinManifest(MetadataStore& metadata, PinStore& pins, const Clock& clock, const RegistryPolicy& policy,
              const ReadOnlyMode& read_only)
      : metadata_(metadata), pins_(pins), clock_(clock), policy_(policy), read_only_(read_only) {}

  /// A tag stands for the manifest that it names now; that stays pinned when the tag moves on. manifest_unknown,
  /// read_only.
  Task<Result<Pin>> pin(RepositoryName repository, Reference reference, std::string who, std::string why);
  /// not_found (it is not pinned), read_only.
  Task<Result<void>> unpin(RepositoryName repository, Digest digest);
  Task<PinPage> list(std::string from, std::size_t limit) { return pins_.list_pins(std::move(from), limit); }

 private:
  MetadataStore& metadata_;
  PinStore& pins_;
  const Clock& clock_;
  const RegistryPolicy& policy_;
  const ReadOnlyMode& read_only_;
};

}  // namespace berth
