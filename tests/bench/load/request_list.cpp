#include "tests/bench/load/request_list.h"

#include <fmt/format.h>

#include <charconv>
#include <fstream>
#include <stdexcept>

#include "tests/bench/load/answer_scanner.h"

namespace berth::bench {

void RequestList::add(std::string_view bytes, std::uint64_t answer_body_bytes) {
  entries_.push_back({bytes_.size(), bytes.size(), answer_body_bytes});
  bytes_ += bytes;
}

RequestList read_targets(const std::string& path, std::string_view method, std::string_view host,
                         std::string_view accept, std::string_view authorization) {
  const std::string login = authorization.empty() ? "" : fmt::format("Authorization: {}\r\n", authorization);
  std::ifstream file(path);
  RequestList list;
  for (std::string line; std::getline(file, line);) {
    const std::size_t blank = std::min(line.find(' '), line.size());
    std::uint64_t length = kAnyLength;
    if (blank < line.size() &&
        std::from_chars(line.data() + blank + 1, line.data() + line.size(), length).ec != std::errc()) {
      throw std::runtime_error(fmt::format("{}: not \"target length\": {}", path, line));
    }
    list.add(fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\nAccept: {}\r\n{}\r\n", method,
                         std::string_view(line).substr(0, blank), host, accept, login),
             length);
  }
  if (list.size() == 0) throw std::runtime_error("no targets in " + path);
  return list;
}

}  // namespace berth::bench
