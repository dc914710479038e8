// ControlSocket: berth/control.sock, by which the program's other commands reach the Berth that serves (data.md 1).
// Mode 0600: whoever may open it may administer, there is no other check.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "api/admin/local_admin.h"
#include "base/clock.h"
#include "http/server.h"
#include "net/socket_path.h"
#include "observe/health.h"

namespace berth {

/// What `berth status` shows of the running process.
struct ServerFacts {
  std::string registry_id;
  std::string root;
  std::vector<std::string> addresses;
  WallTime started;
};

/// Threading: start() and stop() by the owner's thread; `reload` is called on the socket's own loop and must be quick.
class ControlSocket {
 public:
  ControlSocket(const std::string& path, ServerFacts facts, std::function<void()> reload, AdminParts admin,
                const Clock& clock, Health& health, Log& log, Metrics& metrics);

  /// Throws Failure(internal) if the socket cannot be made.
  void start();
  void stop();

 private:
  Task<http::Response> answer(http::Request& request);

  // Fixed after construction.
  SocketPath path_;
  ServerFacts facts_;
  std::function<void()> reload_;
  LocalAdmin admin_;
  const Clock& clock_;
  Health& health_;
  http::Server server_;
};

}  // namespace berth
