#include "registry/buffer_pool.h"

#include <new>

namespace berth {
namespace {

std::byte* allocate(std::size_t bytes) {
  return static_cast<std::byte*>(::operator new(bytes, std::align_val_t(BufferPool::kAlignment)));
}

void free_memory(std::byte* memory) {
  ::operator delete(memory, std::align_val_t(BufferPool::kAlignment));
}

}  // namespace

BufferPool::BufferPool(std::size_t buffer_bytes, std::size_t kept_count)
    : buffer_bytes_(buffer_bytes), kept_count_(kept_count) {
  kept_.reserve(kept_count);  // giving back never allocates
}

BufferPool::~BufferPool() {
  for (std::byte* memory : kept_) free_memory(memory);
}

BufferPool::Buffer BufferPool::take(std::size_t bytes) {
  if (bytes > buffer_bytes_ || bytes < buffer_bytes_ / 4) return Buffer(allocate(bytes), GiveBack());
  {
    const std::lock_guard lock(mutex_);
    if (!kept_.empty()) {
      std::byte* memory = kept_.back();
      kept_.pop_back();
      return Buffer(memory, GiveBack(this));
    }
  }
  return Buffer(allocate(buffer_bytes_), GiveBack(this));
}

void BufferPool::GiveBack::operator()(std::byte* memory) const {
  if (pool_ != nullptr) {
    const std::lock_guard lock(pool_->mutex_);
    if (pool_->kept_.size() < pool_->kept_count_) return pool_->kept_.push_back(memory);
  }
  free_memory(memory);
}

}  // namespace berth
