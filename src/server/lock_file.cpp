#include "server/lock_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace berth {

namespace {

std::string holder_of(int fd) {
  std::array<char, 32> text;
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  std::string holder(text.data(), count > 0 ? static_cast<std::size_t>(count) : 0);
  while (!holder.empty() && holder.back() == '\n') holder.pop_back();
  return holder.empty() ? "another process" : "process " + holder;
}

}  // namespace

LockFile::LockFile(const std::string& path) : file_(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600)) {
  if (!file_.is_open()) throw failure_from_errno(FailureKind::storage, "cannot open " + path, errno);
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      throw LockHeld(
          fmt::format("{} is held by {}: another Berth serves this root; stop it first", path, holder_of(file_.get())));
    }
    throw failure_from_errno(FailureKind::storage, "cannot lock " + path, errno);
  }
  // Who holds it, for the message above. Not worth an fsync: the lock itself is the truth.
  const std::string pid = fmt::format("{}\n", ::getpid());
  if (::ftruncate(file_.get(), 0) != 0 || ::pwrite(file_.get(), pid.data(), pid.size(), 0) < 0) {
    throw failure_from_errno(FailureKind::storage, "cannot write " + path, errno);
  }
}

}  // namespace berth
