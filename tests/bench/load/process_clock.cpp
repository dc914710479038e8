#include "tests/bench/load/process_clock.h"

#include <fmt/format.h>

#include <ctime>
#include <stdexcept>
#include <utility>

namespace berth::bench {
namespace {

double seconds_of(clockid_t clock) {
  timespec time = {};
  if (::clock_gettime(clock, &time) != 0) throw std::runtime_error("the clock of a process cannot be read");
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_nsec) / 1e9;
}

}  // namespace

double cpu_seconds_of(const std::vector<pid_t>& processes) {
  double seconds = 0;
  for (const pid_t process : processes) {
    clockid_t clock = 0;
    if (::clock_getcpuclockid(process, &clock) != 0) {
      throw std::runtime_error(fmt::format("process {} is gone", process));
    }
    seconds += seconds_of(clock);
  }
  return seconds;
}

double own_cpu_seconds() {
  return seconds_of(CLOCK_PROCESS_CPUTIME_ID);
}

CpuWindow::CpuWindow(std::vector<pid_t> servers)
    : servers_(std::move(servers)), server_before_(cpu_seconds_of(servers_)), own_before_(own_cpu_seconds()) {}

double CpuWindow::server_seconds() const {
  return cpu_seconds_of(servers_) - server_before_;
}

double CpuWindow::own_seconds() const {
  return own_cpu_seconds() - own_before_;
}

}  // namespace berth::bench
