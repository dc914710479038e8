#include "api/api.h"

#include <utility>

#include "api/location.h"
#include "api/pipeline.h"

namespace berth {

struct Api::State {
  State(Registry& registry, const ChangeNumbers& changes, ApiOptions with, const Health& health, const Clock& clock,
        Log& log, Metrics& metrics)
      : options(std::move(with)),
        answers(options.answers, changes, metrics),
        locations({.host = options.host, .prefix = options.prefix, .is_relative = options.has_relative_urls}),
        pipeline({.registry = registry,
                  .options = options,
                  .locations = locations,
                  .health = health,
                  .changes = changes,
                  .answers = answers},
                 answers, clock, log, metrics) {}

  const ApiOptions options;
  AnswerCache answers;
  const Locations locations;
  Pipeline pipeline;
};

Api::Api(Registry& registry, const ChangeNumbers& changes, ApiOptions options, const Health& health, const Clock& clock,
         Log& log, Metrics& metrics)
    : state_(std::make_unique<State>(registry, changes, std::move(options), health, clock, log, metrics)) {}

Api::~Api() = default;

http::Handler Api::handler() {
  return [pipeline = &state_->pipeline](http::Request& request) { return pipeline->answer(request); };
}

http::QuickHandler Api::quick_handler() {
  return [pipeline = &state_->pipeline](const http::RequestView& request) { return pipeline->answer_at_once(request); };
}

}  // namespace berth
