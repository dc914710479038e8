// HealthChecks: Distribution's `health` section. Each check runs in its own time and reports to Health, which /readyz and
// /debug/health show; none of them runs on a request's loop.
#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "lifecycle/periodic_job.h"
#include "metadata/metadata_store.h"
#include "observe/health.h"
#include "observe/log.h"
#include "storage/blob_store.h"

namespace berth {

struct StorageCheck {
  std::string name;  ///< "storagedriver_filesystem"
  std::chrono::milliseconds interval{10'000};
  std::size_t threshold = 0;  ///< consecutive failures before it counts; 0 and 1 are the first
};

/// Unhealthy while the file exists: an administrator's switch.
struct FileCheck {
  std::string file;
  std::chrono::milliseconds interval{10'000};
};

struct TcpCheck {
  std::string address;  ///< host:port
  std::chrono::milliseconds timeout{0};  ///< 0: two seconds
  std::chrono::milliseconds interval{10'000};
  std::size_t threshold = 0;
};

struct HealthCheckOptions {
  std::optional<StorageCheck> storage = {};
  std::vector<FileCheck> files = {};
  std::vector<TcpCheck> tcp = {};
};

/// Threading: constructed and stopped on the loop's thread. Lifetime: as PeriodicJob's.
class HealthChecks {
 public:
  HealthChecks(const boost::asio::any_io_executor& loop, const HealthCheckOptions& options, BlobStore& blobs, MetadataStore& metadata,
               Health& health, Log& log);
  ~HealthChecks();
  void stop();

 private:
  struct Probe;
  std::vector<std::shared_ptr<Probe>> probes_;
  std::vector<std::unique_ptr<PeriodicJob>> jobs_;
};

}  // namespace berth
