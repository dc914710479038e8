// The scrubber's options that a configuration asks for. What they refer to outlives who gets them.
#pragma once

#include <functional>

#include "lifecycle/scrub_desk.h"
#include "lifecycle/scrubber.h"
#include "server/config.h"

namespace berth {

ScrubberOptions build_scrubber_options(const ServerConfig& config, const ReadOnlyMode& read_only,
                                       std::function<bool()> may_remove);
ScrubDeskOptions build_scrub_desk_options(const ServerConfig& config, const ReadOnlyMode& read_only);

}  // namespace berth
