// ArchiveLibrary: libarchive, loaded when an archive is read or written. With what it brings along (libxml2, ICU, the
// compressors) it would be 1.6 MiB of the memory of every server, which never needs it.
#pragma once

#include <archive.h>
#include <archive_entry.h>

namespace berth {

/// Its functions under their own names.
struct ArchiveLibrary {
  decltype(&::archive_error_string) archive_error_string;
  decltype(&::archive_read_new) archive_read_new;
  decltype(&::archive_read_free) archive_read_free;
  decltype(&::archive_read_support_filter_all) archive_read_support_filter_all;
  decltype(&::archive_read_support_format_tar) archive_read_support_format_tar;
  decltype(&::archive_read_open_filename) archive_read_open_filename;
  decltype(&::archive_read_next_header) archive_read_next_header;
  decltype(&::archive_read_data) archive_read_data;
  decltype(&::archive_entry_new) archive_entry_new;
  decltype(&::archive_entry_free) archive_entry_free;
  decltype(&::archive_entry_pathname) archive_entry_pathname;
  decltype(&::archive_entry_symlink) archive_entry_symlink;
  decltype(&::archive_entry_hardlink) archive_entry_hardlink;
  decltype(&::archive_entry_filetype) archive_entry_filetype;
  decltype(&::archive_entry_set_pathname) archive_entry_set_pathname;
  decltype(&::archive_entry_set_size) archive_entry_set_size;
  decltype(&::archive_entry_set_filetype) archive_entry_set_filetype;
  decltype(&::archive_entry_set_perm) archive_entry_set_perm;
  decltype(&::archive_write_new) archive_write_new;
  decltype(&::archive_write_free) archive_write_free;
  decltype(&::archive_write_set_format_pax_restricted) archive_write_set_format_pax_restricted;
  decltype(&::archive_write_open_filename) archive_write_open_filename;
  decltype(&::archive_write_header) archive_write_header;
  decltype(&::archive_write_data) archive_write_data;
  decltype(&::archive_write_close) archive_write_close;
};

/// Throws Failure(storage) if it is not installed. Threading: any thread.
const ArchiveLibrary& archive_library();

}  // namespace berth
