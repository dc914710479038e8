#include "metadata/sqlite/readers.h"

namespace berth::sqlite {

Readers::Readers(const ConnectionOptions& options, std::size_t count, std::size_t queue_limit, Gate& gate)
    : gate_(gate), pool_("meta-read", count, queue_limit) {
  for (std::size_t i = 0; i < count; ++i) free_.push_back(std::make_unique<Connection>(options, Access::read_only));
}

std::unique_ptr<Connection> Readers::take() {
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Connection> connection = std::move(free_.back());
  free_.pop_back();
  return connection;
}

void Readers::give_back(std::unique_ptr<Connection> connection) {
  const std::lock_guard lock(mutex_);
  free_.push_back(std::move(connection));
}

}  // namespace berth::sqlite
