#include "api/api.h"

#include <optional>
#include <utility>

#include "api/location.h"
#include "api/pipeline.h"

namespace berth {

struct Api::State {
  State(Registry& registry, const ChangeNumbers& changes, ApiAccess access, ApiOptions with, const Health& health,
        const Clock& clock, Log& log, Metrics& metrics, ApiExtras extras)
      : options(std::move(with)),
        answers(options.answers, changes, metrics),
        locations({.host = options.host, .prefix = options.prefix, .is_relative = options.has_relative_urls}),
        challenges(options.challenges, locations),
        limits(make_limits(options, extras, metrics)),
        gate(access.control, challenges, options.certificate_user, log, metrics),
        pipeline({.registry = registry,
                  .options = options,
                  .locations = locations,
                  .health = health,
                  .changes = changes,
                  .answers = answers,
                  .gate = gate,
                  .tokens = access.tokens,
                  .admin = extras.admin,
                  .aliases = extras.aliases,
                  .pulls = extras.pulls,
                  .repositories = extras.repositories},
                 answers, limits ? &*limits : nullptr, clock, log, metrics) {}

  static std::optional<RateLimits> make_limits(const ApiOptions& options, const ApiExtras& extras, Metrics& metrics) {
    if (extras.budgets == nullptr || !options.rate_limits.is_on()) return std::nullopt;
    return std::optional<RateLimits>(std::in_place, options.rate_limits, *extras.budgets, metrics);
  }

  const ApiOptions options;
  AnswerCache answers;
  const Locations locations;
  const Challenges challenges;
  std::optional<RateLimits> limits;  ///< nothing: there are none
  AccessGate gate;
  Pipeline pipeline;
};

Api::Api(Registry& registry, const ChangeNumbers& changes, ApiAccess access, ApiOptions options, const Health& health,
         const Clock& clock, Log& log, Metrics& metrics, ApiExtras extras)
    : state_(std::make_unique<State>(registry, changes, access, std::move(options), health, clock, log, metrics,
                                     extras)) {}

Api::~Api() = default;

http::Handler Api::handler() {
  return [pipeline = &state_->pipeline](http::Request& request) { return pipeline->answer(request); };
}

http::QuickHandler Api::quick_handler() {
  return [pipeline = &state_->pipeline](const http::RequestView& request) { return pipeline->answer_at_once(request); };
}

}  // namespace berth
