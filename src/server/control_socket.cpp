#include "server/control_socket.h"

#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <utility>

#include "base/rfc3339.h"

namespace berth {

namespace {

http::ServerOptions options_for(const std::string& path) {
  http::ServerOptions options;
  options.listeners.push_back({.address = path, .is_unix = true});
  options.loop_count = 1;
  options.limits.connection_count = 64;
  return options;
}

}  // namespace

ControlSocket::ControlSocket(const std::string& path, ServerFacts facts, std::function<void()> reload, AdminParts admin,
                             const Clock& clock, Health& health, Log& log, Metrics& metrics)
    : path_(path),
      facts_(std::move(facts)),
      reload_(std::move(reload)),
      admin_(admin, log),
      clock_(clock),
      health_(health),
      server_(
          options_for(path_.text()), [this](http::Request& request) { return answer(request); },
          [](const http::AccessRecord&) {}, log, metrics) {}

void ControlSocket::start() {
  // The socket is born with its mode: a chmod afterwards would leave a moment in which anybody may connect. Other
  // threads make no files yet.
  const mode_t before = ::umask(0177);
  try {
    server_.start();
  } catch (...) {
    ::umask(before);
    throw;
  }
  ::umask(before);
}

void ControlSocket::stop() {
  server_.drain(std::chrono::milliseconds(1'000));
  ::unlink(path_.text().c_str());
}

Task<http::Response> ControlSocket::answer(http::Request& request) {
  if (LocalAdmin::is_about(request)) {
    http::Response response = co_await admin_.answer(request);
    co_return response;
  }
  const std::string_view path = std::string_view(request.target).substr(0, request.target.find('?'));
  if (path == "/status" && request.method == http::Method::get) {
    boost::json::array addresses;
    for (const std::string& address : facts_.addresses) addresses.emplace_back(address);
    boost::json::object problems;
    for (const auto& [check, why] : health_.problems()) problems[check] = why;
    const auto uptime = std::chrono::duration_cast<std::chrono::seconds>(clock_.now() - facts_.started);
    const boost::json::object status{{"version", BERTH_VERSION},          {"pid", ::getpid()},
                                     {"registry_id", facts_.registry_id}, {"root", facts_.root},
                                     {"addresses", std::move(addresses)}, {"started", to_rfc3339(facts_.started)},
                                     {"uptime_seconds", uptime.count()},  {"problems", std::move(problems)}};
    co_return http::Response::text(200, "application/json", boost::json::serialize(status) + "\n");
  }
  if (path == "/reload" && request.method == http::Method::post) {
    reload_();
    co_return http::Response::empty(202);
  }
  co_return http::Response::text(404, "text/plain", "unknown command\n");
}

}  // namespace berth
