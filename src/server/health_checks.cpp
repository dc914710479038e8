#include "server/health_checks.h"

#include <sys/stat.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <functional>
#include <utility>

#include "base/failure.h"

namespace berth {

namespace {

constexpr std::chrono::milliseconds kDefaultTcpTimeout{2'000};

Task<> check_storage(BlobStore& blobs, MetadataStore& metadata) {
  co_await blobs.check_health();
  co_await metadata.check_health();
}

Task<> check_file(std::string file) {
  struct stat info {};
  if (::stat(file.c_str(), &info) == 0) throw Failure(FailureKind::internal, "file exists");
  co_return;
}

Task<> check_tcp(std::string address, std::chrono::milliseconds timeout) {
  using boost::asio::ip::tcp;
  const std::size_t colon = address.rfind(':');
  const auto loop = co_await boost::asio::this_coro::executor;
  tcp::resolver resolver(loop);
  tcp::socket socket(loop);
  // The timer closes what it limits, so that there is no loser to wait for.
  boost::asio::steady_timer timer(loop, timeout);
  timer.async_wait([&resolver, &socket](const boost::system::error_code& cancelled) {
    if (cancelled) return;
    resolver.cancel();
    boost::system::error_code ignored;
    socket.close(ignored);
  });
  std::exception_ptr problem;
  try {
    const auto endpoints =
        co_await resolver.async_resolve(address.substr(0, colon), address.substr(colon + 1), boost::asio::use_awaitable);
    co_await boost::asio::async_connect(socket, endpoints, boost::asio::use_awaitable);
  } catch (...) {
    problem = std::current_exception();
  }
  // If the timer has fired its handler has run (this is its thread), else it is cancelled with this frame still alive.
  const bool is_late = timer.cancel() == 0;
  co_await boost::asio::post(loop, boost::asio::use_awaitable);
  if (is_late) throw Failure(FailureKind::internal, "no connection to " + address + " in time");
  if (problem) std::rethrow_exception(problem);
}

}  // namespace

struct HealthChecks::Probe {
  std::string name;
  std::size_t threshold = 0;
  std::function<Task<>()> check;
  Health& health;
  Log& log;
  std::size_t failures_in_a_row = 0;

  static Task<> run(std::shared_ptr<Probe> probe) {
    std::optional<std::string> problem;
    try {
      co_await probe->check();
    } catch (const std::exception& error) {
      problem = error.what();
    }
    if (!problem) {
      if (probe->failures_in_a_row > 0) probe->log.info("health check passes again", {{"check", probe->name}});
      probe->failures_in_a_row = 0;
      probe->health.report(probe->name, std::nullopt);
      co_return;
    }
    ++probe->failures_in_a_row;
    if (probe->failures_in_a_row == 1) {
      probe->log.warn("health check fails", {{"check", probe->name}, {"error", *problem}});
    }
    if (probe->failures_in_a_row >= probe->threshold) probe->health.report(probe->name, problem);
  }
};

HealthChecks::HealthChecks(const boost::asio::any_io_executor& loop, const HealthCheckOptions& options, BlobStore& blobs,
                           MetadataStore& metadata, Health& health, Log& log) {
  const auto add = [&](const std::string& name, std::size_t threshold, std::chrono::milliseconds interval,
                       std::function<Task<>()> check) {
    auto probe = std::make_shared<Probe>(Probe{name, threshold, std::move(check), health, log});
    probes_.push_back(probe);
    PeriodicJobOptions job;
    job.name = "health " + name;
    job.interval = interval;
    jobs_.push_back(std::make_unique<PeriodicJob>(loop, std::move(job), [probe] { return Probe::run(probe); }, log));
  };
  if (options.storage) {
    add(options.storage->name, options.storage->threshold, options.storage->interval,
        [&blobs, &metadata] { return check_storage(blobs, metadata); });
  }
  for (const FileCheck& file : options.files) {
    add(file.file, 0, file.interval, [path = file.file] { return check_file(path); });
  }
  for (const TcpCheck& tcp : options.tcp) {
    const auto timeout = tcp.timeout.count() > 0 ? tcp.timeout : kDefaultTcpTimeout;
    add(tcp.address, tcp.threshold, tcp.interval, [address = tcp.address, timeout] { return check_tcp(address, timeout); });
  }
}

HealthChecks::~HealthChecks() = default;

void HealthChecks::stop() {
  for (const auto& job : jobs_) job->stop();
}

}  // namespace berth
