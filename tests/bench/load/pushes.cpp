#include "tests/bench/load/pushes.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <exception>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/bench/load/answer_scanner.h"
#include "tests/bench/load/connection.h"
#include "tests/bench/load/content.h"
#include "tests/bench/load/process_clock.h"

namespace berth::bench {
namespace {

void expect(const Answer& answer, unsigned status, std::string_view what) {
  if (answer.status != status) throw std::runtime_error(fmt::format("{} answered {}", what, answer.status));
}

void push_blob(Connection& connection, const PushOptions& options, const Blob& blob) {
  constexpr std::string_view kFields = "Content-Type: application/octet-stream\r\n";
  Answer started = connection.send("POST", fmt::format("/v2/{}/blobs/uploads/", options.repository));
  expect(started, 202, "POST of an upload");
  std::string_view rest = blob.bytes;
  if (options.way == BlobWay::post_patch_put) {
    started = connection.send("PATCH", started.location, kFields, rest);
    expect(started, 202, "PATCH of an upload");
    rest = {};
  }
  const char separator = started.location.find('?') == std::string::npos ? '?' : '&';
  expect(connection.send("PUT", fmt::format("{}{}digest={}", started.location, separator, blob.digest), kFields, rest),
         201, "PUT of a blob");
}

void push_missing_blob(Connection& connection, const PushOptions& options, const Blob& blob) {
  const Answer found = connection.send("HEAD", fmt::format("/v2/{}/blobs/{}", options.repository, blob.digest));
  if (found.status == 200) return;
  expect(found, 404, "HEAD of a blob");
  push_blob(connection, options, blob);
}

struct Image {
  Blob config;
  std::vector<Blob> layers;
  std::string manifest;
  std::string tag;
};

void push_image(Connection& connection, const PushOptions& options, const Image& image) {
  for (const Blob& layer : image.layers) push_missing_blob(connection, options, layer);
  push_missing_blob(connection, options, image.config);
  expect(connection.send("PUT", fmt::format("/v2/{}/manifests/{}", options.repository, image.tag),
                         "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n", image.manifest),
         201, "PUT of a manifest");
}

Blob make_config(std::uint64_t seed) {
  Blob config;
  config.bytes = fmt::format(
      R"({{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[]}},"created_by":"{}"}})", seed);
  config.digest = sha256_digest(config.bytes);
  return config;
}

using SteadyClock = std::chrono::steady_clock;

/// Hands the numbers 0 to count-1 to clients, each with a connection of its own, and takes the time of all. With
/// `seconds` above 0 the numbers begin anew until that time is over.
PushResult run_clients(const PushOptions& options, double seconds,
                       const std::function<void(Connection&, std::size_t)>& push) {
  const bool is_timed = seconds > 0;
  SteadyClock::time_point started;
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> done = 0;
  PushResult result;
  std::mutex mutex;
  const auto run = [&] {
    Connection connection(options.address);
    const auto goes_on = [&](std::size_t index) {
      return is_timed ? std::chrono::duration<double>(SteadyClock::now() - started).count() < seconds
                      : index < options.count;
    };
    for (std::size_t index = next++; goes_on(index); index = next++) {
      try {
        push(connection, index % options.count);
        ++done;
      } catch (const std::exception& problem) {
        const std::scoped_lock lock(mutex);
        ++result.failed;
        if (result.first_problem.empty()) result.first_problem = problem.what();
      }
    }
  };
  const CpuWindow cpu(options.servers);
  started = SteadyClock::now();
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < options.client_count; ++i) clients.emplace_back(run);
  for (std::thread& client : clients) client.join();
  result.seconds = std::chrono::duration<double>(SteadyClock::now() - started).count();
  result.server_cpu_seconds = cpu.server_seconds();
  result.own_cpu_seconds = cpu.own_seconds();
  result.done = done;
  return result;
}

}  // namespace

PushResult push_blobs(const PushOptions& options) {
  // Made before the clock runs: the client's own hashing must not be measured.
  std::vector<Blob> blobs;
  for (std::size_t i = 0; i < options.count; ++i) blobs.push_back(make_blob(options.seed + i, options.blob_size_bytes));
  return run_clients(options, 0,
                     [&](Connection& connection, std::size_t index) { push_blob(connection, options, blobs[index]); });
}

PushResult push_images(const PushOptions& options) {
  std::vector<Image> images;
  std::uint64_t seed = options.seed * 1'000'003;
  for (std::size_t i = 0; i < options.count; ++i) {
    Image image;
    for (std::size_t layer = 0; layer < options.layer_count; ++layer) {
      image.layers.push_back(make_blob(++seed, options.blob_size_bytes));
    }
    image.config = make_config(seed);
    image.manifest = make_manifest(image.config, image.layers);
    image.tag = fmt::format("t{}-{}", options.seed, i);
    images.push_back(std::move(image));
  }
  const auto push = [&](Connection& connection, std::size_t index) { push_image(connection, options, images[index]); };
  if (options.again_seconds > 0) {
    const PushResult before = run_clients(options, 0, push);
    if (before.failed > 0) return before;
  }
  return run_clients(options, options.again_seconds, push);
}

LoopResult push_manifests(const PushOptions& options, double seconds) {
  const Blob config = make_config(options.seed);
  std::vector<Blob> layers;
  for (std::size_t i = 0; i < options.layer_count; ++i) {
    layers.push_back(make_blob(options.seed * 1'000'003 + i, options.blob_size_bytes));
  }
  Connection connection(options.address);
  for (const Blob& layer : layers) push_blob(connection, options, layer);
  push_blob(connection, options, config);

  const std::string manifest = make_manifest(config, layers);
  RequestList requests;
  for (std::size_t i = 0; i < options.count; ++i) {
    const std::string body = with_annotation(manifest, fmt::format("{}-{}", options.seed, i));
    requests.add(fmt::format("PUT /v2/{}/manifests/t{}-{} HTTP/1.1\r\nHost: {}\r\n"
                             "Content-Type: application/vnd.oci.image.manifest.v1+json\r\nContent-Length: {}\r\n\r\n{}",
                             options.repository, options.seed, i, options.address, body.size(), body),
                 kAnyLength);
  }
  return run_requests(requests, {.address = options.address,
                                 .order = Order::once,
                                 .connection_count = options.client_count,
                                 .seconds = seconds,
                                 .servers = options.servers});
}

}  // namespace berth::bench
