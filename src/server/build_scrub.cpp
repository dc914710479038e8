#include "server/build_scrub.h"

namespace berth {

ScrubberOptions build_scrubber_options(const ServerConfig& config, const ReadOnlyMode& read_only) {
  ScrubberOptions options;
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
