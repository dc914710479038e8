// FaultyVfs: SQLite's own file system with faults that a test switches on: writes or syncs of the log fail.
#pragma once

#include <sqlite3.h>

#include <atomic>
#include <cstring>
#include <new>
#include <string>
#include <string_view>

namespace berth::sqlite {

/// Registered under `name()` while it lives; the stores that use it must be gone before.
///
/// Threading: the faults may be switched on any thread.
class FaultyVfs {
 public:
  FaultyVfs() : inner_(sqlite3_vfs_find(nullptr)), vfs_(*inner_) {
    vfs_.zName = name_.c_str();
    vfs_.szOsFile = static_cast<int>(kOwnBytes) + inner_->szOsFile;
    vfs_.pAppData = this;
    vfs_.pNext = nullptr;
    vfs_.xOpen = open;
    sqlite3_vfs_register(&vfs_, 0);
  }
  ~FaultyVfs() { sqlite3_vfs_unregister(&vfs_); }
  FaultyVfs(const FaultyVfs&) = delete;
  FaultyVfs& operator=(const FaultyVfs&) = delete;

  const std::string& name() const { return name_; }

  /// SQLite's result codes; SQLITE_OK is no fault.
  std::atomic<int> log_write_result{SQLITE_OK};
  std::atomic<int> log_sync_result{SQLITE_OK};
  std::atomic<int> database_write_result{SQLITE_OK};
  std::atomic<int> log_sync_count{0};

 private:
  struct File {
    sqlite3_file base;
    FaultyVfs* owner;
    sqlite3_file* inner;
    bool is_log;
  };
  static constexpr std::size_t kOwnBytes = (sizeof(File) + 15) / 16 * 16;

  static File& self(sqlite3_file* file) { return *reinterpret_cast<File*>(file); }
  static sqlite3_file* inner(sqlite3_file* file) { return self(file).inner; }

  // The other functions of the VFS take the object and never look into it: they are the inner one's as they are. sqlite3_vfs
  // is copied, so its pAppData would be ours: only xOpen reads that, for the inner one it is set back.
  static int open(sqlite3_vfs* vfs, const char* path, sqlite3_file* file, int flags, int* out_flags) {
    auto* owner = static_cast<FaultyVfs*>(vfs->pAppData);
    auto* own = new (file) File{};
    own->owner = owner;
    own->inner = reinterpret_cast<sqlite3_file*>(reinterpret_cast<char*>(file) + kOwnBytes);
    own->is_log = (flags & SQLITE_OPEN_WAL) != 0;
    std::memset(own->inner, 0, static_cast<std::size_t>(owner->inner_->szOsFile));
    const int code = owner->inner_->xOpen(owner->inner_, path, own->inner, flags, out_flags);
    own->base.pMethods = code == SQLITE_OK ? &methods() : nullptr;
    return code;
  }

  static int write(sqlite3_file* file, const void* bytes, int count, sqlite3_int64 offset) {
    const File& own = self(file);
    const int fault = own.is_log ? own.owner->log_write_result.load() : own.owner->database_write_result.load();
    if (fault != SQLITE_OK) return fault;
    return own.inner->pMethods->xWrite(own.inner, bytes, count, offset);
  }

  static int sync(sqlite3_file* file, int flags) {
    const File& own = self(file);
    if (own.is_log) {
      ++own.owner->log_sync_count;
      if (const int fault = own.owner->log_sync_result.load(); fault != SQLITE_OK) return fault;
    }
    return own.inner->pMethods->xSync(own.inner, flags);
  }

  static const sqlite3_io_methods& methods() {
    static const sqlite3_io_methods table = {
        .iVersion = 3,
        .xClose = [](sqlite3_file* f) { return inner(f)->pMethods->xClose(inner(f)); },
        .xRead = [](sqlite3_file* f, void* into, int count, sqlite3_int64 offset) {
          return inner(f)->pMethods->xRead(inner(f), into, count, offset);
        },
        .xWrite = write,
        .xTruncate = [](sqlite3_file* f, sqlite3_int64 size) { return inner(f)->pMethods->xTruncate(inner(f), size); },
        .xSync = sync,
        .xFileSize = [](sqlite3_file* f, sqlite3_int64* size) { return inner(f)->pMethods->xFileSize(inner(f), size); },
        .xLock = [](sqlite3_file* f, int level) { return inner(f)->pMethods->xLock(inner(f), level); },
        .xUnlock = [](sqlite3_file* f, int level) { return inner(f)->pMethods->xUnlock(inner(f), level); },
        .xCheckReservedLock = [](sqlite3_file* f, int* out) { return inner(f)->pMethods->xCheckReservedLock(inner(f), out); },
        .xFileControl = [](sqlite3_file* f, int op, void* arg) { return inner(f)->pMethods->xFileControl(inner(f), op, arg); },
        .xSectorSize = [](sqlite3_file* f) { return inner(f)->pMethods->xSectorSize(inner(f)); },
        .xDeviceCharacteristics = [](sqlite3_file* f) { return inner(f)->pMethods->xDeviceCharacteristics(inner(f)); },
        .xShmMap = [](sqlite3_file* f, int region, int size, int extend, void volatile** out) {
          return inner(f)->pMethods->xShmMap(inner(f), region, size, extend, out);
        },
        .xShmLock = [](sqlite3_file* f, int offset, int n, int flags) {
          return inner(f)->pMethods->xShmLock(inner(f), offset, n, flags);
        },
        .xShmBarrier = [](sqlite3_file* f) { inner(f)->pMethods->xShmBarrier(inner(f)); },
        .xShmUnmap = [](sqlite3_file* f, int remove) { return inner(f)->pMethods->xShmUnmap(inner(f), remove); },
        .xFetch = [](sqlite3_file* f, sqlite3_int64 offset, int amount, void** out) {
          return inner(f)->pMethods->xFetch(inner(f), offset, amount, out);
        },
        .xUnfetch = [](sqlite3_file* f, sqlite3_int64 offset, void* page) {
          return inner(f)->pMethods->xUnfetch(inner(f), offset, page);
        },
    };
    return table;
  }

  const std::string name_ = "berth-faulty";
  sqlite3_vfs* inner_;
  sqlite3_vfs vfs_;
};

}  // namespace berth::sqlite
