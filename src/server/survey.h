// survey_volume: what a volume of CNCF Distribution holds, without changing a byte of it.
#pragma once

#include <cstdint>
#include <functional>

#include "metadata/adoption_store.h"
#include "server/config.h"

namespace berth {

struct SurveyOptions {
  bool is_verifying = false;  ///< reads the bytes of every blob
  std::function<void(const AdoptionProblem&)> on_problem;
  std::function<void(std::uint64_t done, std::uint64_t total)> on_progress = {};  ///< repositories
};

struct SurveyReport {
  AdoptionCounts counts;
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
  std::uint64_t problems = 0;
  std::uint64_t holding = 0;
};

/// Blocks. Throws Failure(internal) if the root is not there or the driver has none.
SurveyReport survey_volume(const ServerConfig& config, const SurveyOptions& options);

/// Makes the empty metadata of a root that has an id ready for an adoption, which `berth import` or `berth serve` then
/// runs. Blocks. Throws Failure(internal) with one line if that is not so.
void begin_adoption_again(const ServerConfig& config);

}  // namespace berth
