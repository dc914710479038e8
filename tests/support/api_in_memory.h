// ApiInMemory: the whole API over stores in memory, and a client for it.
#pragma once

#include <utility>

#include "api/api.h"
#include "tests/support/api_client.h"
#include "tests/support/registry_world.h"

namespace berth {

inline RegistryPolicy policy_with_deletes() {
  RegistryPolicy policy;
  policy.allows_deletes = true;
  return policy;
}

class ApiInMemory {
 public:
  explicit ApiInMemory(RegistryPolicy policy = policy_with_deletes(), ApiOptions options = {})
      : world(std::move(policy)),
        api(*world, world.changes, std::move(options), health, world.clock, *world.log, metrics),
        client(api.handler(), api.quick_handler()) {}

  RegistryInMemory world;
  Health health;
  Metrics metrics;
  Api api;
  ApiClient client;
};

}  // namespace berth
