// BufferPool: memory that bodies are received into, kept for the next one.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <vector>

namespace berth {

/// Fresh memory costs a page fault for each of its pages, which is more than receiving into it.
///
/// Threading: any thread. Lifetime: outlives what it gave.
class BufferPool {
 public:
  /// Keeps that many that nobody has, each of `buffer_bytes`. Smaller requests get one, too, down to a quarter of it.
  BufferPool(std::size_t buffer_bytes, std::size_t kept_count);
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  /// A file takes bytes past the page cache from memory that lies on whole pages.
  static constexpr std::size_t kAlignment = 4096;

  class GiveBack {
   public:
    explicit GiveBack(BufferPool* pool = nullptr) : pool_(pool) {}
    void operator()(std::byte* memory) const;

   private:
    BufferPool* pool_;  ///< null: not of a size that is kept
  };
  using Buffer = std::unique_ptr<std::byte[], GiveBack>;

  /// Aligned memory of that size or more. Throws std::bad_alloc.
  Buffer take(std::size_t bytes);

 private:
  const std::size_t buffer_bytes_;
  const std::size_t kept_count_;
  std::mutex mutex_;
  std::vector<std::byte*> kept_;  ///< guarded by mutex_; the last was used last
};

}  // namespace berth
