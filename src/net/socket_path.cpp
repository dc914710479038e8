#include "net/socket_path.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/un.h>

#include <cerrno>

#include "base/failure.h"

namespace berth {

SocketPath::SocketPath(const std::string& path) : text_(path) {
  if (path.size() < sizeof(sockaddr_un::sun_path)) return;
  const std::size_t slash = path.rfind('/');
  const std::string directory = slash == std::string::npos ? "." : path.substr(0, slash + 1);
  directory_ = UniqueFd(::open(directory.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!directory_.is_open()) throw failure_from_errno(FailureKind::internal, "cannot open " + directory, errno);
  text_ = fmt::format("/proc/self/fd/{}/{}", directory_.get(), path.substr(slash + 1));
}

}  // namespace berth
