// Metrics: counters, gauges and histograms, rendered as Prometheus text (exposition format 0.0.4).
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth {

/// Threading: any thread.
class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Threading: any thread.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_{0};
};

/// Threading: any thread.
class Histogram {
 public:
  /// `upper_bounds` ascend strictly; the bucket up to infinity is added. Throws Failure(internal) otherwise.
  explicit Histogram(std::vector<double> upper_bounds);
  void observe(double value);

 private:
  friend class Metrics;
  std::vector<double> bounds_;
  std::vector<std::atomic<std::uint64_t>> counts_;
  // A double as Prometheus has it: in a fixed point of 64 bits a sum of bytes would run over after some terabytes.
  std::atomic<double> sum_{0};
};

using MetricLabels = std::vector<std::pair<std::string, std::string>>;

/// Owns every metric. The same name and labels give the same object, which lives as long as the Metrics: look it up
/// once and keep the reference; a look-up takes a lock.
///
/// Threading: any thread.
/// Errors:    a malformed name or label, or a name used with two types, is a fault of ours: Failure(internal).
class Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counter& counter(std::string_view name, std::string_view help, MetricLabels labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, MetricLabels labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, std::vector<double> upper_bounds,
                       MetricLabels labels = {});
  /// A gauge that is asked when rendered. `read` must be callable, on any thread, until the Metrics goes; if it throws,
  /// the sample is left out. Registering the same name and labels again replaces it.
  void gauge_from(std::string_view name, std::string_view help, std::function<double()> read, MetricLabels labels = {});
  /// The same for a count that only grows and is kept elsewhere.
  void counter_from(std::string_view name, std::string_view help, std::function<double()> read,
                    MetricLabels labels = {});

  /// Prometheus text: families in order of their names, samples in order of their labels.
  std::string render() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace berth
