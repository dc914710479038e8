// Administration: carries a request to the admin API to the Berth that serves the configured root; with nobody there it
// takes the lock and carries it out itself (data.md 1).
#pragma once

#include <memory>
#include <string>

#include "server/config.h"

namespace berth {

struct AdminReply {
  unsigned status = 0;
  std::string body;  ///< JSON, or empty
};

/// Threading: one thread, which blocks. Never on a loop.
class Administration {
 public:
  explicit Administration(const ServerConfig& config);
  ~Administration();
  Administration(const Administration&) = delete;
  Administration& operator=(const Administration&) = delete;

  /// `target` is a path below /api/v1; `json` may be empty. Waits some seconds for whoever has the lock and does not
  /// answer yet. Throws a Failure with one line for people: who that is, or what is wrong with the root.
  AdminReply ask(const std::string& method, const std::string& target, const std::string& json = {});

 private:
  class OwnRun;

  const ServerConfig& config_;
  std::unique_ptr<OwnRun> own_run_;  ///< from the first request that nobody else answered
};

}  // namespace berth
