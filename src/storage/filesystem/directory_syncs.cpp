#include "storage/filesystem/directory_syncs.h"

#include <utility>

namespace berth {

std::optional<int> DirectorySyncs::sync_blocking(const std::string& path) {
  std::unique_lock lock(mutex_);
  const auto found = directories_.try_emplace(path).first;
  Directory& directory = found->second;
  ++directory.caller_count;
  const bool is_leader = !directory.gathering;
  if (is_leader) directory.gathering = std::make_shared<Round>();
  const std::shared_ptr<Round> round = directory.gathering;
  if (is_leader) {
    changed_.wait(lock, [&directory] { return !directory.is_syncing; });
    // Who comes from now on may have made its entry too late for this sync.
    directory.gathering.reset();
    directory.is_syncing = true;
    lock.unlock();
    const std::optional<int> error = sync_(path);
    lock.lock();
    directory.is_syncing = false;
    round->error = error;
    round->is_over = true;
    changed_.notify_all();
  } else {
    changed_.wait(lock, [&round] { return round->is_over; });
  }
  if (--directory.caller_count == 0) directories_.erase(found);
  return round->error;
}

std::size_t DirectorySyncs::caller_count(const std::string& path) const {
  const std::lock_guard lock(mutex_);
  const auto found = directories_.find(path);
  return found == directories_.end() ? 0 : found->second.caller_count;
}

}  // namespace berth
