#include "apps/berth/archive_library.h"

#include <dlfcn.h>

#include <string>

#include "base/failure.h"

namespace berth {
namespace {

/// The library's name with the version of its interface that the headers are of.
constexpr const char* kFile = "libarchive.so.13";

[[noreturn]] void fail() {
  throw Failure(FailureKind::storage, std::string("archives need ") + kFile + " (Debian: libarchive13)");
}

template <class Function>
void load(void* library, const char* name, Function& function) {
  function = reinterpret_cast<Function>(::dlsym(library, name));
  if (function == nullptr) fail();
}

ArchiveLibrary load_all() {
  void* library = ::dlopen(kFile, RTLD_NOW | RTLD_LOCAL);  // stays
  if (library == nullptr) fail();
  ArchiveLibrary all{};
  load(library, "archive_error_string", all.archive_error_string);
  load(library, "archive_read_new", all.archive_read_new);
  load(library, "archive_read_free", all.archive_read_free);
  load(library, "archive_read_support_filter_all", all.archive_read_support_filter_all);
  load(library, "archive_read_support_format_tar", all.archive_read_support_format_tar);
  load(library, "archive_read_open_filename", all.archive_read_open_filename);
  load(library, "archive_read_next_header", all.archive_read_next_header);
  load(library, "archive_read_data", all.archive_read_data);
  load(library, "archive_entry_new", all.archive_entry_new);
  load(library, "archive_entry_free", all.archive_entry_free);
  load(library, "archive_entry_pathname", all.archive_entry_pathname);
  load(library, "archive_entry_symlink", all.archive_entry_symlink);
  load(library, "archive_entry_hardlink", all.archive_entry_hardlink);
  load(library, "archive_entry_filetype", all.archive_entry_filetype);
  load(library, "archive_entry_set_pathname", all.archive_entry_set_pathname);
  load(library, "archive_entry_set_size", all.archive_entry_set_size);
  load(library, "archive_entry_set_filetype", all.archive_entry_set_filetype);
  load(library, "archive_entry_set_perm", all.archive_entry_set_perm);
  load(library, "archive_write_new", all.archive_write_new);
  load(library, "archive_write_free", all.archive_write_free);
  load(library, "archive_write_set_format_pax_restricted", all.archive_write_set_format_pax_restricted);
  load(library, "archive_write_open_filename", all.archive_write_open_filename);
  load(library, "archive_write_header", all.archive_write_header);
  load(library, "archive_write_data", all.archive_write_data);
  load(library, "archive_write_close", all.archive_write_close);
  return all;
}

}  // namespace

const ArchiveLibrary& archive_library() {
  static const ArchiveLibrary loaded = load_all();
  return loaded;
}

}  // namespace berth
