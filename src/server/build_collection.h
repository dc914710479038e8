// The collector's options that a configuration asks for. What they refer to outlives who gets them.
#pragma once

#include <functional>
#include <string>

#include "lifecycle/collection_desk.h"
#include "lifecycle/collector.h"
#include "server/config.h"

namespace berth {

CollectorOptions build_collector_options(const ServerConfig& config);
CollectionDeskOptions build_collection_desk_options(const ServerConfig& config, const ReadOnlyMode& read_only,
                                                    std::function<std::string()> held_because);

}  // namespace berth
