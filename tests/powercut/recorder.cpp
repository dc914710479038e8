// A library to preload (LD_PRELOAD) that writes down what a program does to the files below one directory: every write,
// sync, rename, unlink, in the order in which it happened, with the bytes. replay.py makes from it what a power cut
// would have left.
//
//   BERTH_POWERCUT_ROOT  the directory, an absolute path without links in it
//   BERTH_POWERCUT_LOG   the file to write to
//   BERTH_POWERCUT_DROP_SYNC=1  fsync and fdatasync do nothing and say that all went well: the test must notice
//
// Order: every call runs under one mutex and is stamped (CLOCK_MONOTONIC) before it begins, so that what a client was
// told before the stamp of a record happened before that record. Only syncs run outside of it, as two records: what was
// written before the first is durable at the second.
// Not seen: writes through mmap (SQLite's -shm, which it makes anew) and through stdio.
#include <dirent.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <mutex>
#include <string>
#include <unordered_map>

namespace {

enum class Kind : std::uint32_t {
  open = 1,            // path; a: flags
  close = 2,           //
  write = 3,           // a: offset; data
  truncate = 4,        // a: size
  extend = 5,          // a: least size
  sync_begin = 6,      // a: number of this sync
  sync_end = 7,        // a: number of this sync
  rename = 8,          // path, second path
  unlink = 9,          // path
  rmdir = 10,          // path
  mkdir = 11,          // path
  link = 12,           // path, second path
  truncate_path = 13,  // path; a: size
  unsupported = 14,    // path: the name of the call
  start = 15,          // another process begins to write this log
};

// Read by replay.py: "<IiQqIIQ", then path, second path and data.
struct __attribute__((packed)) Header {
  Kind kind;
  std::int32_t fd;
  std::uint64_t stamp_ns;
  std::int64_t a;
  std::uint32_t path_length;
  std::uint32_t second_length;
  std::uint64_t data_length;
};

constexpr int kDescriptorLimit = 1 << 20;

struct Recorder {
  int log = -1;
  bool drops_syncs = false;
  std::string root;
  std::recursive_mutex mutex;
  std::unordered_map<int, std::string> paths;  // of the descriptors that are open below the root
  std::int64_t syncs = 0;
};

// Set once before main(), never destroyed: calls come until the very end of the process.
Recorder* recorder = nullptr;
// A look without the mutex, for the many calls that concern sockets.
std::atomic<bool> is_tracked_fd[kDescriptorLimit];

bool is_tracked(int fd) {
  return recorder != nullptr && fd >= 0 && fd < kDescriptorLimit && is_tracked_fd[fd].load();
}

std::uint64_t now_ns() {
  timespec time{};
  ::clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U + static_cast<std::uint64_t>(time.tv_nsec);
}

[[noreturn]] void give_up(const char* why) {
  ::dprintf(2, "powercut recorder: %s: %s\n", why, std::strerror(errno));
  ::abort();
}

void write_log(const void* bytes, std::size_t count) {
  const char* next = static_cast<const char*>(bytes);
  while (count > 0) {
    const ssize_t written = ::syscall(SYS_write, recorder->log, next, count);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) give_up("the log cannot be written");
    next += written;
    count -= static_cast<std::size_t>(written);
  }
}

struct Record {
  Kind kind;
  int fd = -1;
  std::int64_t a = 0;
  std::string path = {};
  std::string second = {};
  const void* data = nullptr;
  std::size_t data_length = 0;
};

void note_locked(std::uint64_t stamp, const Record& record) {
  const int saved = errno;
  const Header header{record.kind,
                      record.fd,
                      stamp,
                      record.a,
                      static_cast<std::uint32_t>(record.path.size()),
                      static_cast<std::uint32_t>(record.second.size()),
                      record.data_length};
  std::string head(reinterpret_cast<const char*>(&header), sizeof header);
  head.append(record.path).append(record.second);
  write_log(head.data(), head.size());
  write_log(record.data, record.data_length);
  errno = saved;
}

std::string descriptor_path_locked(int fd) {
  if (const auto known = recorder->paths.find(fd); known != recorder->paths.end()) return known->second;
  char target[4096];
  const ssize_t length = ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target, sizeof target);
  return length > 0 ? std::string(target, static_cast<std::size_t>(length)) : std::string();
}

/// The absolute path without ".", "//" and a "/" at its end; the programs watched use no "..".
std::string absolute_locked(int directory, const char* path) {
  std::string whole;
  if (path[0] != '/') {
    if (directory == AT_FDCWD) {
      char here[4096];
      whole = ::getcwd(here, sizeof here) != nullptr ? here : "";
    } else {
      whole = descriptor_path_locked(directory);
    }
    whole += "/";
  }
  whole += path;
  std::string clean;
  for (std::size_t start = 0; start < whole.size();) {
    std::size_t end = whole.find('/', start);
    if (end == std::string::npos) end = whole.size();
    const std::string part = whole.substr(start, end - start);
    if (!part.empty() && part != ".") clean.append("/").append(part);
    start = end + 1;
  }
  return clean;
}

bool is_below_root(const std::string& path) {
  const std::string& root = recorder->root;
  return path.starts_with(root) && (path.size() == root.size() || path[root.size()] == '/');
}

/// Runs `call` under the mutex and notes the record if it succeeded (gave no -1).
template <class Call>
auto recorded(const Record& record, Call call) {
  const std::scoped_lock lock(recorder->mutex);
  const std::uint64_t stamp = now_ns();
  const auto result = call();
  if (result != -1) note_locked(stamp, record);
  return result;
}

int open_file(int directory, const char* path, int flags, mode_t mode) {
  const auto really = [=] { return static_cast<int>(::syscall(SYS_openat, directory, path, flags, mode)); };
  if (recorder == nullptr || path == nullptr) return really();
  const std::scoped_lock lock(recorder->mutex);
  const std::string absolute = absolute_locked(directory, path);
  if (!is_below_root(absolute)) return really();
  const std::uint64_t stamp = now_ns();
  const int fd = really();
  if (fd < 0) return fd;
  if (fd >= kDescriptorLimit) give_up("too many descriptors");
  const bool is_unnamed = (flags & O_TMPFILE) == O_TMPFILE;
  note_locked(stamp, {.kind = is_unnamed ? Kind::unsupported : Kind::open,
                      .fd = fd,
                      .a = flags,
                      .path = is_unnamed ? "open(O_TMPFILE)" : absolute});
  recorder->paths.insert_or_assign(fd, absolute);
  is_tracked_fd[fd] = true;
  return fd;
}

void forget_locked(int fd, std::uint64_t stamp) {
  note_locked(stamp, {.kind = Kind::close, .fd = fd});
  recorder->paths.erase(fd);
  is_tracked_fd[fd] = false;
}

ssize_t write_at(int fd, const void* bytes, std::size_t count, off_t offset) {
  const auto really = [=] { return ::syscall(SYS_pwrite64, fd, bytes, count, offset); };
  if (!is_tracked(fd)) return really();
  const std::scoped_lock lock(recorder->mutex);
  const std::uint64_t stamp = now_ns();
  const ssize_t written = really();
  if (written > 0) {
    note_locked(
        stamp,
        {.kind = Kind::write, .fd = fd, .a = offset, .data = bytes, .data_length = static_cast<std::size_t>(written)});
  }
  return written;
}

/// For writes at the descriptor's own position.
template <class Call>
ssize_t write_along(int fd, Call really, const void* bytes) {
  if (!is_tracked(fd)) return really();
  const std::scoped_lock lock(recorder->mutex);
  const std::uint64_t stamp = now_ns();
  const ssize_t written = really();
  if (written > 0) {
    const off_t end = ::lseek(fd, 0, SEEK_CUR);
    note_locked(stamp, {.kind = Kind::write,
                        .fd = fd,
                        .a = end - written,
                        .data = bytes,
                        .data_length = static_cast<std::size_t>(written)});
  }
  return written;
}

std::string joined(const iovec* parts, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all.append(static_cast<const char*>(parts[i].iov_base), parts[i].iov_len);
  return all;
}

int sync_file(int fd, long call) {
  if (!is_tracked(fd)) return static_cast<int>(::syscall(call, fd));
  if (recorder->drops_syncs) return 0;
  std::int64_t number = 0;
  {
    const std::scoped_lock lock(recorder->mutex);
    number = ++recorder->syncs;
    note_locked(now_ns(), {.kind = Kind::sync_begin, .fd = fd, .a = number});
  }
  const int result = static_cast<int>(::syscall(call, fd));
  if (result == 0) {
    const std::scoped_lock lock(recorder->mutex);
    note_locked(now_ns(), {.kind = Kind::sync_end, .fd = fd, .a = number});
  }
  return result;
}

int set_size(int fd, off_t size) {
  const auto really = [=] { return static_cast<int>(::syscall(SYS_ftruncate, fd, size)); };
  return is_tracked(fd) ? recorded({.kind = Kind::truncate, .fd = fd, .a = size}, really) : really();
}

int allocate(int fd, int mode, off_t offset, off_t length) {
  const auto really = [=] { return static_cast<int>(::syscall(SYS_fallocate, fd, mode, offset, length)); };
  if (!is_tracked(fd) || (mode & FALLOC_FL_KEEP_SIZE) != 0) return really();
  if (mode != 0) return recorded({.kind = Kind::unsupported, .path = "fallocate"}, really);
  return recorded({.kind = Kind::extend, .fd = fd, .a = offset + length}, really);
}

/// A call that changes one name below the root.
template <class Call>
int change_name(Kind kind, int directory, const char* path, Call really) {
  if (recorder == nullptr) return really();
  const std::scoped_lock lock(recorder->mutex);
  const std::string absolute = absolute_locked(directory, path);
  if (!is_below_root(absolute)) return really();
  return recorded({.kind = kind, .path = absolute}, really);
}

/// A call with two names. One that crosses the border of the root cannot be replayed.
template <class Call>
int change_names(Kind kind, int old_directory, const char* old_path, int new_directory, const char* new_path,
                 Call really) {
  if (recorder == nullptr) return really();
  const std::scoped_lock lock(recorder->mutex);
  const std::string from = absolute_locked(old_directory, old_path);
  const std::string to = absolute_locked(new_directory, new_path);
  if (!is_below_root(from) && !is_below_root(to)) return really();
  if (!is_below_root(from) || !is_below_root(to)) kind = Kind::unsupported;
  return recorded({.kind = kind, .path = from, .second = to}, really);
}

__attribute__((constructor)) void begin() {
  const char* root = ::getenv("BERTH_POWERCUT_ROOT");
  const char* log = ::getenv("BERTH_POWERCUT_LOG");
  if (root == nullptr || log == nullptr) return;
  auto* made = new Recorder;
  made->root = root;
  made->drops_syncs = ::getenv("BERTH_POWERCUT_DROP_SYNC") != nullptr;
  made->log = static_cast<int>(::syscall(SYS_openat, AT_FDCWD, log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
  if (made->log < 0) give_up(log);
  recorder = made;
  note_locked(now_ns(), {.kind = Kind::start});
}

mode_t mode_of(int flags, va_list arguments) {
  const bool has_mode = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;
  return has_mode ? static_cast<mode_t>(va_arg(arguments, unsigned)) : 0;
}

}  // namespace

extern "C" {

#define BERTH_OPEN(name)                           \
  int name(const char* path, int flags, ...) {     \
    va_list arguments;                             \
    va_start(arguments, flags);                    \
    const mode_t mode = mode_of(flags, arguments); \
    va_end(arguments);                             \
    return open_file(AT_FDCWD, path, flags, mode); \
  }
#define BERTH_OPENAT(name)                                    \
  int name(int directory, const char* path, int flags, ...) { \
    va_list arguments;                                        \
    va_start(arguments, flags);                               \
    const mode_t mode = mode_of(flags, arguments);            \
    va_end(arguments);                                        \
    return open_file(directory, path, flags, mode);           \
  }
BERTH_OPEN(open)
BERTH_OPEN(open64)
BERTH_OPENAT(openat)
BERTH_OPENAT(openat64)
// What fortified callers use.
int __open_2(const char* path, int flags) {
  return open_file(AT_FDCWD, path, flags, 0);
}
int __open64_2(const char* path, int flags) {
  return open_file(AT_FDCWD, path, flags, 0);
}
int __openat_2(int directory, const char* path, int flags) {
  return open_file(directory, path, flags, 0);
}
int __openat64_2(int directory, const char* path, int flags) {
  return open_file(directory, path, flags, 0);
}
int creat(const char* path, mode_t mode) {
  return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}
int creat64(const char* path, mode_t mode) {
  return open_file(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int close(int fd) {
  if (!is_tracked(fd)) return static_cast<int>(::syscall(SYS_close, fd));
  const std::scoped_lock lock(recorder->mutex);
  forget_locked(fd, now_ns());
  return static_cast<int>(::syscall(SYS_close, fd));
}

// libc closes a directory's descriptor by itself.
int closedir(DIR* directory) {
  using Closedir = int (*)(DIR*);
  static const auto really = reinterpret_cast<Closedir>(::dlsym(RTLD_NEXT, "closedir"));
  const int fd = ::dirfd(directory);
  if (!is_tracked(fd)) return really(directory);
  const std::scoped_lock lock(recorder->mutex);
  forget_locked(fd, now_ns());
  return really(directory);
}

ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  return write_at(fd, bytes, count, offset);
}
ssize_t pwrite64(int fd, const void* bytes, size_t count, off64_t offset) {
  return write_at(fd, bytes, count, offset);
}
ssize_t write(int fd, const void* bytes, size_t count) {
  return write_along(fd, [=] { return ::syscall(SYS_write, fd, bytes, count); }, bytes);
}
ssize_t writev(int fd, const iovec* parts, int count) {
  const auto really = [=] { return ::syscall(SYS_writev, fd, parts, count); };
  if (!is_tracked(fd)) return really();
  const std::string all = joined(parts, count);
  return write_along(fd, really, all.data());
}
ssize_t pwritev(int fd, const iovec* parts, int count, off_t offset) {
  if (!is_tracked(fd)) return ::syscall(SYS_pwritev, fd, parts, count, offset, 0);
  const std::string all = joined(parts, count);
  return write_at(fd, all.data(), all.size(), offset);
}
ssize_t pwritev64(int fd, const iovec* parts, int count, off64_t offset) {
  return pwritev(fd, parts, count, offset);
}

int fsync(int fd) {
  return sync_file(fd, SYS_fsync);
}
int fdatasync(int fd) {
  return sync_file(fd, SYS_fdatasync);
}
int ftruncate(int fd, off_t size) noexcept {
  return set_size(fd, size);
}
int ftruncate64(int fd, off64_t size) noexcept {
  return set_size(fd, size);
}
int truncate(const char* path, off_t size) noexcept {
  const auto really = [=] { return static_cast<int>(::syscall(SYS_truncate, path, size)); };
  if (recorder == nullptr) return really();
  const std::scoped_lock lock(recorder->mutex);
  const std::string absolute = absolute_locked(AT_FDCWD, path);
  return is_below_root(absolute) ? recorded({.kind = Kind::truncate_path, .a = size, .path = absolute}, really)
                                 : really();
}
int truncate64(const char* path, off64_t size) noexcept {
  return truncate(path, size);
}
int fallocate(int fd, int mode, off_t offset, off_t length) {
  return allocate(fd, mode, offset, length);
}
int fallocate64(int fd, int mode, off64_t offset, off64_t length) {
  return allocate(fd, mode, offset, length);
}
int posix_fallocate(int fd, off_t offset, off_t length) {
  return allocate(fd, 0, offset, length) == 0 ? 0 : errno;
}
int posix_fallocate64(int fd, off64_t offset, off64_t length) {
  return allocate(fd, 0, offset, length) == 0 ? 0 : errno;
}

int renameat2(int old_directory, const char* old_path, int new_directory, const char* new_path,
              unsigned int flags) noexcept {
  const bool is_plain = (flags & ~static_cast<unsigned>(RENAME_NOREPLACE)) == 0;
  return change_names(
      is_plain ? Kind::rename : Kind::unsupported, old_directory, old_path, new_directory, new_path, [=] {
        return static_cast<int>(::syscall(SYS_renameat2, old_directory, old_path, new_directory, new_path, flags));
      });
}
int renameat(int old_directory, const char* old_path, int new_directory, const char* new_path) noexcept {
  return renameat2(old_directory, old_path, new_directory, new_path, 0);
}
int rename(const char* old_path, const char* new_path) noexcept {
  return renameat2(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}
int linkat(int old_directory, const char* old_path, int new_directory, const char* new_path, int flags) noexcept {
  return change_names(Kind::link, old_directory, old_path, new_directory, new_path, [=] {
    return static_cast<int>(::syscall(SYS_linkat, old_directory, old_path, new_directory, new_path, flags));
  });
}
int link(const char* old_path, const char* new_path) noexcept {
  return linkat(AT_FDCWD, old_path, AT_FDCWD, new_path, 0);
}
int unlinkat(int directory, const char* path, int flags) noexcept {
  const Kind kind = (flags & AT_REMOVEDIR) != 0 ? Kind::rmdir : Kind::unlink;
  return change_name(kind, directory, path,
                     [=] { return static_cast<int>(::syscall(SYS_unlinkat, directory, path, flags)); });
}
int unlink(const char* path) noexcept {
  return unlinkat(AT_FDCWD, path, 0);
}
int rmdir(const char* path) noexcept {
  return unlinkat(AT_FDCWD, path, AT_REMOVEDIR);
}
int remove(const char* path) noexcept {
  return unlinkat(AT_FDCWD, path, 0) == 0 || (errno == EISDIR && rmdir(path) == 0) ? 0 : -1;
}
int mkdirat(int directory, const char* path, mode_t mode) noexcept {
  return change_name(Kind::mkdir, directory, path,
                     [=] { return static_cast<int>(::syscall(SYS_mkdirat, directory, path, mode)); });
}
int mkdir(const char* path, mode_t mode) noexcept {
  return mkdirat(AT_FDCWD, path, mode);
}
int symlinkat(const char* target, int directory, const char* path) noexcept {
  return change_name(Kind::unsupported, directory, path,
                     [=] { return static_cast<int>(::syscall(SYS_symlinkat, target, directory, path)); });
}
int symlink(const char* target, const char* path) noexcept {
  return symlinkat(target, AT_FDCWD, path);
}

}  // extern "C"
