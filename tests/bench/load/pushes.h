// The loads that write: blobs and whole images, pushed by several clients at once, and manifests alone.
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/bench/load/request_loop.h"

namespace berth::bench {

enum class BlobWay {
  post_put,        ///< POST, then PUT of all bytes
  post_patch_put,  ///< POST, PATCH of all bytes, PUT without any: what docker and podman do
};

struct PushOptions {
  std::string address;  ///< HOST:PORT
  std::string repository = "bench/push";
  std::size_t client_count = 1;
  std::size_t count = 1;  ///< blobs or images, all clients together
  std::size_t blob_size_bytes = 1024 * 1024;
  BlobWay way = BlobWay::post_put;
  std::size_t layer_count = 10;  ///< of an image
  std::uint64_t seed = 1;        ///< other seeds, other content
  /// Images: above 0 they are pushed once before the clock runs, and then again and again for this time: all is there.
  double again_seconds = 0;
  std::vector<pid_t> servers;  ///< whose CPU time is taken
};

struct PushResult {
  double seconds = 0;
  std::size_t done = 0;
  std::size_t failed = 0;
  std::string first_problem;
  double server_cpu_seconds = 0;
  double own_cpu_seconds = 0;
};

PushResult push_blobs(const PushOptions& options);

/// As docker does it: for each layer and the configuration HEAD, and if it is not there POST and PUT; then the manifest
/// by tag.
PushResult push_images(const PushOptions& options);

/// PUT of `options.count` manifests of one small image, each another one with a tag of its own, or as many as are done
/// in `seconds`. The image's blobs are pushed before the clock runs.
LoopResult push_manifests(const PushOptions& options, double seconds);

}  // namespace berth::bench
