// FileReader: a file as bytes that arrive.
#pragma once

#include <algorithm>
#include <cstdint>
#include <span>
#include <utility>

#include "async/byte_reader.h"
#include "async/byte_source.h"
#include "async/run_blocking.h"
#include "registry/copy_bytes.h"

namespace berth {

class FileReader final : public ByteReader {
 public:
  FileReader(FileRegion file, BlockingPool& disk) : file_(std::move(file)), disk_(disk) {}

  Task<std::size_t> read(std::span<std::byte> into) override {
    const std::uint64_t left = file_.length - position_;
    const std::span<std::byte> wanted = into.first(std::min<std::uint64_t>(into.size(), left));
    if (wanted.empty()) co_return 0;
    const std::size_t count =
        co_await run_blocking(disk_, [&] { return read_piece_blocking(file_, position_, wanted); });
    position_ += count;
    co_return count;
  }

 private:
  const FileRegion file_;
  BlockingPool& disk_;
  std::uint64_t position_ = 0;
};

}  // namespace berth
