// Action: what a request does to the registry. Access control and the read-only mode decide by it.
#pragma once

#include <string>

namespace berth {

enum class Action {
  open,    ///< nothing that anybody has to be known for: probes, the keys of the token service
  log_in,  ///< the token service: whoever says who he is must be right, and nobody has to
  base,    ///< "/v2/": whoever has proved anything; where clients find out how to log in
  pull,
  push,
  remove,
  list_catalog,
  administer,  ///< the admin API, but for what users do for themselves there, which is `base`
};

/// What has to be allowed before an answer may leave.
struct NeededAccess {
  Action action = Action::open;
  std::string repository = {};
};

}  // namespace berth
