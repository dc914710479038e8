// The loads: blobs and whole images, pushed by several clients at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace berth::bench {

struct PushOptions {
  std::string address;  ///< HOST:PORT
  std::string repository = "bench/push";
  std::size_t client_count = 1;
  std::size_t count = 1;  ///< blobs or images, all clients together
  std::size_t blob_size_bytes = 1024 * 1024;
  std::size_t layer_count = 10;  ///< of an image
  std::uint64_t seed = 1;        ///< other seeds, other content
  bool is_repeated = false;      ///< images: pushed once before the clock runs, so that every blob is there already
};

struct PushResult {
  double seconds = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  std::string first_problem;
};

/// POST, then PUT of the whole blob.
PushResult push_blobs(const PushOptions& options);

/// As docker does it: for each layer and the configuration HEAD, and if it is not there POST and PUT; then the manifest
/// by tag.
PushResult push_images(const PushOptions& options);

}  // namespace berth::bench
