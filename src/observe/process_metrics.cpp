#include "observe/process_metrics.h"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <memory>

namespace berth {

namespace {

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// proc(5), statm: total and resident size in pages.
double resident_bytes() {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen("/proc/self/statm", "re"), &std::fclose);
  unsigned long total = 0;
  unsigned long resident = 0;
  if (!file || std::fscanf(file.get(), "%lu %lu", &total, &resident) != 2) return 0;
  return static_cast<double>(resident) * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

double open_descriptors() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir("/proc/self/fd"), &::closedir);
  if (!directory) return 0;
  int count = -3;  // ".", ".." and the directory itself
  while (::readdir(directory.get()) != nullptr) ++count;  // NOLINT(concurrency-mt-unsafe): a directory of its own
  return count;
}

double descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return static_cast<double>(limit.rlim_cur);
}

}  // namespace

void add_process_metrics(Metrics& metrics) {
  const double started = std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  metrics.counter_from("process_cpu_seconds_total", "User and system CPU time spent.", cpu_seconds);
  metrics.gauge_from("process_resident_memory_bytes", "Resident memory.", resident_bytes);
  metrics.gauge_from("process_open_fds", "Open file descriptors.", open_descriptors);
  metrics.gauge_from("process_max_fds", "Most file descriptors that may be open.", descriptor_limit);
  metrics.gauge_from("process_start_time_seconds", "When the process started, in seconds since 1970.",
                     [started] { return started; });
}

}  // namespace berth
