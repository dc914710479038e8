// What a transaction is held to by quotas: how much is charged before and after it, and who says no.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>

namespace berth {

/// What a scope (usage_store.h) is charged.
struct QuotaUsage {
  std::uint64_t bytes = 0;          ///< manifests, and each linked blob that one of them names, once
  std::uint64_t pending_bytes = 0;  ///< linked blobs that no manifest names, each once
  std::uint64_t manifests = 0;
  std::uint64_t tags = 0;
  bool operator==(const QuotaUsage&) const = default;
};

enum class QuotaResource : std::uint8_t { bytes, pending_bytes, manifests, tags };

/// A refusal: nothing was changed.
struct QuotaExceeded {
  std::size_t scope = 0;
  QuotaResource resource = QuotaResource::bytes;
  std::uint64_t limit = 0;
  std::uint64_t used = 0;    ///< before
  std::uint64_t needed = 0;  ///< in addition
  bool operator==(const QuotaExceeded&) const = default;
};

/// Says whether a scope may be charged `then` where it is charged `now`. Asked inside the transaction, once for each
/// scope that the repository belongs to: pure, quick, on any thread. Empty: everything may grow.
using QuotaGuard =
    std::function<std::optional<QuotaExceeded>(std::size_t scope, const QuotaUsage& now, const QuotaUsage& then)>;

}  // namespace berth
