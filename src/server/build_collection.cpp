#include "server/build_collection.h"

#include <utility>

namespace berth {

CollectorOptions build_collector_options(const ServerConfig& config) {
  CollectorOptions options;
  options.promise = config.gc.promise;
  if (config.gc.takes_untagged) options.keep_untagged = config.gc.keep_untagged;
  options.keep_trash = config.trash.keep_or_default();
  options.keep_removals = config.gc.keep_removals;
  options.digest_lock_wait = config.limits.registry.digest_lock_wait;
  return options;
}

CollectionDeskOptions build_collection_desk_options(const ServerConfig& config, const ReadOnlyMode& read_only,
                                                    std::function<std::string()> held_because) {
  return {
      .held_because = std::move(held_because),
      .read_only = &read_only,
      .empties_trash_by_hand = !config.trash.keep,
      .keep_trash = config.trash.keep_or_default(),
      .reserved_bytes = [reserve = config.storage.filesystem.reserve](
                            std::uint64_t file_system_bytes) { return reserve.bytes_of(file_system_bytes); },
      .pace = {.deletions_per_second = config.gc.deletions_per_second, .bytes_per_second = config.gc.bytes_per_second}};
}

}  // namespace berth
