// ByteSource: bytes at rest that an answer is made of: memory, or a region of an open file.
// It stands here so that http/ can send a file with sendfile(2) and needs no word of storage/.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "base/unique_fd.h"

namespace berth {

/// Immutable bytes with a shared owner. Copying is cheap; any thread may read.
class SharedBytes {
 public:
  SharedBytes() = default;
  explicit SharedBytes(std::string bytes)
      : owner_(std::make_shared<const std::string>(std::move(bytes))), view_(*owner_) {}

  std::string_view view() const { return view_; }
  std::size_t size() const { return view_.size(); }
  SharedBytes slice(std::size_t offset, std::size_t length) const {
    SharedBytes part = *this;
    part.view_ = view_.substr(offset, length);
    return part;
  }

 private:
  std::shared_ptr<const std::string> owner_;
  std::string_view view_;
};

/// `length` bytes from `offset` of a file that stays open while anybody holds the region.
struct FileRegion {
  std::shared_ptr<const UniqueFd> file;
  std::uint64_t offset = 0;
  std::uint64_t length = 0;
};

/// False if the file got shorter than the region since it was opened, or cannot be asked. One system call.
bool is_whole(const FileRegion& region);

class ByteSource {
 public:
  ByteSource() : bytes_(SharedBytes()) {}
  ByteSource(SharedBytes bytes) : bytes_(std::move(bytes)) {}
  ByteSource(FileRegion region) : bytes_(std::move(region)) {}

  std::uint64_t size() const {
    if (const auto* memory = std::get_if<SharedBytes>(&bytes_)) return memory->size();
    return std::get<FileRegion>(bytes_).length;
  }
  const SharedBytes* memory() const { return std::get_if<SharedBytes>(&bytes_); }
  const FileRegion* file() const { return std::get_if<FileRegion>(&bytes_); }

  /// The part [offset, offset + length), which must lie inside.
  ByteSource slice(std::uint64_t offset, std::uint64_t length) const {
    if (const auto* memory = std::get_if<SharedBytes>(&bytes_)) return memory->slice(offset, length);
    FileRegion part = std::get<FileRegion>(bytes_);
    part.offset += offset;
    part.length = length;
    return part;
  }

 private:
  std::variant<SharedBytes, FileRegion> bytes_;
};

}  // namespace berth
