// read_all: the bytes of a ByteSource as text.
#pragma once

#include <unistd.h>

#include <stdexcept>
#include <string>

#include "async/byte_source.h"

namespace berth {

/// Throws if a file ends before its region does.
inline std::string read_all(const ByteSource& source) {
  if (const SharedBytes* memory = source.memory()) return std::string(memory->view());
  const FileRegion& region = *source.file();
  std::string bytes(region.length, '\0');
  std::size_t filled = 0;
  while (filled < bytes.size()) {
    const ssize_t count = ::pread(region.file->get(), bytes.data() + filled, bytes.size() - filled,
                                  static_cast<off_t>(region.offset + filled));
    if (count <= 0) throw std::runtime_error("the file ends before its region");
    filled += static_cast<std::size_t>(count);
  }
  return bytes;
}

}  // namespace berth
