// The service manager's protocols: readiness (sd_notify) and sockets handed over (sd_listen_fds). Both are a few lines of
// socket code, so there is no libsystemd in the program.
#pragma once

#include <string_view>
#include <vector>

#include "base/unique_fd.h"

namespace berth {

/// Sends `state` ("READY=1") to $NOTIFY_SOCKET; does nothing where there is none. Never throws: a service manager that is
/// gone must not take the registry with it.
void notify_service_manager(std::string_view state);

/// The sockets passed by $LISTEN_FDS if $LISTEN_PID is ours; empties both variables so that children do not take them.
/// Call once, before threads start.
std::vector<UniqueFd> take_inherited_sockets();

}  // namespace berth
