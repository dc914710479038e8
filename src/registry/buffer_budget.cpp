#include "registry/buffer_budget.h"

#include <algorithm>

namespace berth {

namespace {

constexpr double kParts = 32;

}  // namespace

std::optional<BufferBudget::Share> BufferBudget::take(std::uint64_t bytes) {
  return take_part(bytes, bytes);
}

std::optional<BufferBudget::Share> BufferBudget::take_part(std::uint64_t least_bytes, std::uint64_t most_bytes) {
  std::uint64_t free = free_bytes_.load(std::memory_order_relaxed);
  for (;;) {
    if (free < least_bytes) return std::nullopt;
    const double free_part = static_cast<double>(free) / static_cast<double>(total_bytes_);
    const auto fair_bytes = static_cast<std::uint64_t>(static_cast<double>(free) * free_part / kParts);
    const std::uint64_t bytes = std::clamp(fair_bytes, least_bytes, std::max(least_bytes, most_bytes));
    if (free_bytes_.compare_exchange_weak(free, free - bytes, std::memory_order_relaxed)) return Share(*this, bytes);
  }
}

}  // namespace berth
