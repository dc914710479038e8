// RequestList: requests in the bytes that are sent, made before the clock runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::bench {

struct Request {
  std::string_view bytes;           ///< head and body, as they are sent
  std::uint64_t answer_body_bytes;  ///< what Content-Length must say, or kAnyLength
};

class RequestList {
 public:
  void add(std::string_view bytes, std::uint64_t answer_body_bytes);

  std::size_t size() const { return entries_.size(); }
  Request operator[](std::size_t index) const {
    const Entry& entry = entries_[index];
    return {std::string_view(bytes_).substr(entry.offset, entry.length), entry.answer_body_bytes};
  }

 private:
  struct Entry {
    std::size_t offset;
    std::size_t length;
    std::uint64_t answer_body_bytes;
  };

  std::string bytes_;
  std::vector<Entry> entries_;
};

/// Reads a file with one line a request: a target, and after a blank the length of the body it has (none: any).
/// `accept` is the value of the Accept field, `authorization` that of Authorization, which is left out if it is empty.
/// Throws std::runtime_error.
RequestList read_targets(const std::string& path, std::string_view method, std::string_view host,
                         std::string_view accept, std::string_view authorization);

}  // namespace berth::bench
