// The processor time of processes, read by the load driver at both ends of its window: what the server did before (its
// start, TLS handshakes) is not in the figure.
#pragma once

#include <sys/types.h>

#include <vector>

namespace berth::bench {

/// User and system time of these processes so far, all their threads together, in seconds.
/// Throws std::runtime_error when one of them is gone.
double cpu_seconds_of(const std::vector<pid_t>& processes);

/// The same of the calling process.
double own_cpu_seconds();

/// The time that passes in the window between two readings.
class CpuWindow {
 public:
  explicit CpuWindow(std::vector<pid_t> servers);

  double server_seconds() const;
  double own_seconds() const;

 private:
  std::vector<pid_t> servers_;
  double server_before_;
  double own_before_;
};

}  // namespace berth::bench
