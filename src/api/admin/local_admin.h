// LocalAdmin: the admin API for whoever may do everything: over the control socket, and for commands that have the data
// directory to themselves.
#pragma once

#include "api/admin/admin_parts.h"
#include "api/routes.h"
#include "http/response.h"
#include "observe/log.h"

namespace berth {

/// Threading: any loop. Lifetime: outlives its requests; the parts outlive it.
class LocalAdmin {
 public:
  LocalAdmin(AdminParts parts, Log& log);

  /// True for what is below /api/.
  static bool is_about(const http::Request& request);
  Task<http::Response> answer(http::Request& request);

 private:
  AdminParts parts_;
  Log& log_;
  const Routes routes_;
  const std::shared_ptr<const AccessPolicy> no_rules_;
};

}  // namespace berth
