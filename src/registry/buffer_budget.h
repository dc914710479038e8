// BufferBudget: the memory that all requests with bodies share, so that ten thousand slow uploads cannot take it all.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

namespace berth {

/// Threading: any thread. Lifetime: outlives its shares.
class BufferBudget {
 public:
  explicit BufferBudget(std::uint64_t total_bytes) : free_bytes_(total_bytes), total_bytes_(total_bytes) {}
  BufferBudget(const BufferBudget&) = delete;
  BufferBudget& operator=(const BufferBudget&) = delete;

  /// A number of bytes that its holder may allocate; given back when it goes.
  class Share {
   public:
    Share(Share&& other) noexcept : budget_(std::exchange(other.budget_, nullptr)), bytes_(other.bytes_) {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (budget_ != nullptr) budget_->free_bytes_.fetch_add(bytes_, std::memory_order_relaxed);
    }
    std::uint64_t bytes() const { return bytes_; }

   private:
    friend class BufferBudget;
    Share(BufferBudget& budget, std::uint64_t bytes) : budget_(&budget), bytes_(bytes) {}
    BufferBudget* budget_;
    std::uint64_t bytes_;
  };

  /// Exactly that many, or nothing.
  std::optional<Share> take(std::uint64_t bytes);

  /// Between the two bounds a thirty-second of what is free, and of that the less the less is free; nothing if not even
  /// `least_bytes` are free. So the first uploads get large buffers, and under load there is still some for each.
  std::optional<Share> take_part(std::uint64_t least_bytes, std::uint64_t most_bytes);

  std::uint64_t free_bytes() const { return free_bytes_.load(std::memory_order_relaxed); }
  std::uint64_t total_bytes() const { return total_bytes_; }

 private:
  std::atomic<std::uint64_t> free_bytes_;
  const std::uint64_t total_bytes_;
};

}  // namespace berth
