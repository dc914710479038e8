// RequestMetrics: what Distribution's dashboards read of its requests, under the same names.
#pragma once

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "api/routes.h"
#include "http/response.h"
#include "observe/metrics.h"

namespace berth {

/// Threading: any thread. Lifetime: the Metrics outlives it.
class RequestMetrics {
 public:
  RequestMetrics(Metrics& metrics, std::span<const Route> routes);

  /// A request of a route under way, counted until it goes.
  class Scope {
   public:
    Scope(RequestMetrics& metrics, const Route& route, http::Method method);
    ~Scope();
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

    void finish(const http::Request& request, const http::Response& response, std::chrono::microseconds duration);

   private:
    RequestMetrics& metrics_;
    std::size_t handler_;
    http::Method method_;
  };

  /// The route's place for count_quick().
  std::size_t index_of(const Route& route) const;
  /// A request that was answered at once: in no time, as far as a histogram can tell.
  void count_quick(std::size_t index, http::Method method, unsigned status, std::uint64_t body_bytes);

 private:
  static constexpr std::size_t kMethodCount = 8;
  static constexpr std::size_t kFirstStatus = 200;
  static constexpr std::size_t kStatusCount = 400;
  struct Handler {
    std::string_view label;
    Gauge* in_flight;
    Histogram* request_size;
    Histogram* response_size;
    std::array<Histogram*, kMethodCount> durations;
    // Made when first needed: a look-up in the Metrics takes a lock.
    std::array<std::array<std::atomic<Counter*>, kStatusCount>, kMethodCount> totals{};
  };

  Counter& total(Handler& handler, http::Method method, unsigned status);

  Metrics& metrics_;
  std::vector<std::unique_ptr<Handler>> handlers_;
};

}  // namespace berth
