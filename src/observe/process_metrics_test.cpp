#include "observe/process_metrics.h"

#include <fcntl.h>
#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "base/unique_fd.h"

namespace berth {
namespace {

double value_of(const Metrics& metrics, const std::string& name) {
  std::istringstream text(metrics.render());
  for (std::string line; std::getline(text, line);) {
    if (line.starts_with(name + " ")) return std::stod(line.substr(name.size() + 1));
  }
  ADD_FAILURE() << name << " is missing";
  return -1;
}

TEST(ProcessMetrics, TellWhatTheKernelKnows) {
  Metrics metrics;
  add_process_metrics(metrics);
  EXPECT_GT(value_of(metrics, "process_resident_memory_bytes"), 100'000);
  EXPECT_GE(value_of(metrics, "process_cpu_seconds_total"), 0);
  EXPECT_GT(value_of(metrics, "process_max_fds"), 10);
  EXPECT_GT(value_of(metrics, "process_start_time_seconds"), 1.7e9);
  const double before = value_of(metrics, "process_open_fds");
  const UniqueFd one_more(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(value_of(metrics, "process_open_fds"), before + 1);
}

}  // namespace
}  // namespace berth
