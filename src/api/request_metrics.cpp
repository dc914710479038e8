#include "api/request_metrics.h"

#include <algorithm>
#include <cctype>
#include <memory>
#include <string>

namespace berth {

namespace {

std::string method_label(http::Method method) {
  std::string label(method == http::Method::other ? "unknown" : to_string(method));
  std::ranges::transform(label, label.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return label;
}

std::vector<double> duration_bounds() {
  return {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 25, 60};
}

std::vector<double> size_bounds() {
  std::vector<double> bounds;
  for (double bound = 1024; bounds.size() < 20; bound *= 2) bounds.push_back(bound);
  return bounds;
}

std::optional<std::uint64_t> size_of(const http::Response& response) {
  const auto* pieces = std::get_if<http::BodyPieces>(&response.body);
  if (pieces == nullptr) return std::nullopt;
  std::uint64_t bytes = 0;
  for (const ByteSource& piece : *pieces) bytes += piece.size();
  return bytes;
}

}  // namespace

RequestMetrics::RequestMetrics(Metrics& metrics, std::span<const Route> routes) : metrics_(metrics) {
  for (const Route& route : routes) {
    const bool is_known =
        std::ranges::any_of(handlers_, [&](const auto& known) { return known->label == route.label; });
    if (is_known) continue;
    const std::string label(route.label);
    auto handler = std::make_unique<Handler>();
    handler->label = route.label;
    handler->in_flight =
        &metrics.gauge("registry_http_in_flight_requests", "Requests under way.", {{"handler", label}});
    handler->request_size = &metrics.histogram("registry_http_request_size_bytes", "Size of request bodies.",
                                               size_bounds(), {{"handler", label}});
    handler->response_size = &metrics.histogram("registry_http_response_size_bytes", "Size of answers' bodies.",
                                                size_bounds(), {{"handler", label}});
    for (std::size_t i = 0; i < kMethodCount; ++i) {
      const auto method = static_cast<http::Method>(i);
      if (route.find(method) == nullptr) {
        handler->durations[i] = nullptr;
        continue;
      }
      handler->durations[i] =
          &metrics.histogram("registry_http_request_duration_seconds", "Time until the answer was ready to be sent.",
                             duration_bounds(), {{"handler", label}, {"method", method_label(method)}});
    }
    handlers_.push_back(std::move(handler));
  }
}

std::size_t RequestMetrics::index_of(const Route& route) const {
  const auto found = std::ranges::find_if(handlers_, [&](const auto& known) { return known->label == route.label; });
  return static_cast<std::size_t>(found - handlers_.begin());
}

Counter& RequestMetrics::total(Handler& handler, http::Method method, unsigned status) {
  const std::size_t column =
      std::clamp<std::size_t>(status, kFirstStatus, kFirstStatus + kStatusCount - 1) - kFirstStatus;
  std::atomic<Counter*>& place = handler.totals[static_cast<std::size_t>(method)][column];
  Counter* counter = place.load(std::memory_order_acquire);
  if (counter == nullptr) {
    counter = &metrics_.counter("registry_http_requests_total", "Requests answered.",
                                {{"code", std::to_string(column + kFirstStatus)},
                                 {"handler", std::string(handler.label)},
                                 {"method", method_label(method)}});
    place.store(counter, std::memory_order_release);
  }
  return *counter;
}

void RequestMetrics::count_quick(std::size_t index, http::Method method, unsigned status, std::uint64_t body_bytes) {
  Handler& handler = *handlers_[index];
  total(handler, method, status).add();
  Histogram* durations = handler.durations[static_cast<std::size_t>(method)];
  if (durations != nullptr) durations->observe(0);
  handler.request_size->observe(0);
  handler.response_size->observe(static_cast<double>(body_bytes));
}

RequestMetrics::Scope::Scope(RequestMetrics& metrics, const Route& route, http::Method method)
    : metrics_(metrics), handler_(metrics.index_of(route)), method_(method) {
  metrics_.handlers_[handler_]->in_flight->add(1);
}

RequestMetrics::Scope::~Scope() {
  metrics_.handlers_[handler_]->in_flight->add(-1);
}

void RequestMetrics::Scope::finish(const http::Request& request, const http::Response& response,
                                   std::chrono::microseconds duration) {
  Handler& handler = *metrics_.handlers_[handler_];
  metrics_.total(handler, method_, response.status).add();
  Histogram* durations = handler.durations[static_cast<std::size_t>(method_)];
  if (durations != nullptr) durations->observe(static_cast<double>(duration.count()) / 1e6);
  if (request.content_length) handler.request_size->observe(static_cast<double>(*request.content_length));
  if (const auto bytes = size_of(response)) handler.response_size->observe(static_cast<double>(*bytes));
}

}  // namespace berth
