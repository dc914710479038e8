#include "api/api.h"

#include <utility>

#include "api/location.h"
#include "api/pipeline.h"

namespace berth {

struct Api::State {
  State(Registry& registry, ApiOptions with, const Health& health, const Clock& clock, Log& log, Metrics& metrics)
      : options(std::move(with)),
        locations({.host = options.host, .prefix = options.prefix, .is_relative = options.has_relative_urls}),
        pipeline({.registry = registry, .options = options, .locations = locations, .health = health}, clock, log,
                 metrics) {}

  const ApiOptions options;
  const Locations locations;
  Pipeline pipeline;
};

Api::Api(Registry& registry, ApiOptions options, const Health& health, const Clock& clock, Log& log, Metrics& metrics)
    : state_(std::make_unique<State>(registry, std::move(options), health, clock, log, metrics)) {}

Api::~Api() = default;

http::Handler Api::handler() {
  return [pipeline = &state_->pipeline](http::Request& request) { return pipeline->answer(request); };
}

}  // namespace berth
