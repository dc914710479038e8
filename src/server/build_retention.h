// Retention and the jobs as a configuration asks for them.
#pragma once

#include "lifecycle/job_book.h"
#include "lifecycle/retention_desk.h"
#include "server/config.h"

namespace berth {

RetentionEngineOptions build_retention_engine_options(const ServerConfig& config);
RetentionDeskOptions build_retention_desk_options(const ReadOnlyMode& read_only);

/// The jobs that there are, whether they come round by themselves or not. Made before what runs them.
struct Jobs {
  Jobs(JobStore& store, const Clock& clock, Metrics& metrics);

  JobBook book;
  Job& collection;
  Job& scrub;
  Job& upload_purge;
  Job& retention;
  Job& adoption;
  Job& snapshot;
};

}  // namespace berth
