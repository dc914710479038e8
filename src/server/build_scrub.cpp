#include "server/build_scrub.h"

#include <utility>

namespace berth {

ScrubberOptions build_scrubber_options(const ServerConfig& config, const ReadOnlyMode& read_only,
                                       std::function<bool()> may_remove) {
  ScrubberOptions options;
  options.may_remove = std::move(may_remove);
  options.read_only = &read_only;
  options.grace = config.gc.grace;
  options.digest_lock_wait = config.limits.registry.digest_lock_wait;
  return options;
}

ScrubDeskOptions build_scrub_desk_options(const ServerConfig& config, const ReadOnlyMode& read_only) {
  return {
      .read_only = &read_only, .bytes_per_second = config.scrub.bytes_per_second, .interval = config.scrub.interval};
}

}  // namespace berth
