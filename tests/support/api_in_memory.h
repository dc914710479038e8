// ApiInMemory: the whole API over stores in memory, and a client for it.
#pragma once

#include <utility>
#include <vector>

#include "api/api.h"
#include "auth/access_control.h"
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
  explicit ApiInMemory(RegistryPolicy policy = policy_with_deletes(), ApiOptions options = {},
                       std::vector<Authenticator*> authenticators = {}, ApiExtras extras = {})
      : world(std::move(policy)),
        credentials({}, world.clock, world.entropy, metrics),
        access(std::move(authenticators), credentials, AccessPolicy::compile({})),
        api(*world, world.changes, {.control = access, .tokens = nullptr}, std::move(options), health, world.clock,
            *world.log, metrics, extras),
        client(api.handler(), api.quick_handler()) {}

  RegistryInMemory world;
  Health health;
  Metrics metrics;
  CredentialCache credentials;
  AccessControl access;
  Api api;
  ApiClient client;
};

}  // namespace berth
