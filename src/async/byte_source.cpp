#include "async/byte_source.h"

#include <sys/stat.h>

namespace berth {

bool is_whole(const FileRegion& region) {
  struct stat status;
  return ::fstat(region.file->get(), &status) == 0 &&
         static_cast<std::uint64_t>(status.st_size) >= region.offset + region.length;
}

}  // namespace berth
