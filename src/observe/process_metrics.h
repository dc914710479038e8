// The process's own figures under the names that every Prometheus client gives them (process_*).
#pragma once

#include "observe/metrics.h"

namespace berth {

/// CPU, memory, descriptors and start time, read from /proc when the metrics are rendered.
void add_process_metrics(Metrics& metrics);

}  // namespace berth
