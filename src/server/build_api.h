// From configuration to the rules and their HTTP face.
#pragma once

#include "api/api.h"
#include "registry/policy.h"
#include "server/config.h"

namespace berth {

QuotaPolicy build_quotas(const ServerConfig& config);
RegistryPolicy build_policy(const ServerConfig& config);
ApiOptions build_api_options(const ServerConfig& config);
DebugApiOptions build_debug_api_options(const ServerConfig& config);

}  // namespace berth
