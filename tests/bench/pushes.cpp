#include "tests/bench/pushes.h"

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

#include "tests/bench/connection.h"
#include "tests/bench/content.h"

namespace berth::bench {
namespace {

void expect(const Answer& answer, unsigned status, std::string_view what) {
  if (answer.status != status) throw std::runtime_error(fmt::format("{} answered {}", what, answer.status));
}

void push_blob(Connection& connection, const std::string& repository, const Blob& blob) {
  const Answer started = connection.send("POST", fmt::format("/v2/{}/blobs/uploads/", repository));
  expect(started, 202, "POST of an upload");
  const char separator = started.location.find('?') == std::string::npos ? '?' : '&';
  expect(connection.send("PUT", fmt::format("{}{}digest={}", started.location, separator, blob.digest),
                         "Content-Type: application/octet-stream\r\n", blob.bytes),
         201, "PUT of a blob");
}

void push_missing_blob(Connection& connection, const std::string& repository, const Blob& blob) {
  const Answer found = connection.send("HEAD", fmt::format("/v2/{}/blobs/{}", repository, blob.digest));
  if (found.status == 200) return;
  expect(found, 404, "HEAD of a blob");
  push_blob(connection, repository, blob);
}

struct Image {
  Blob config;
  std::vector<Blob> layers;
  std::string manifest;
  std::string tag;
};

void push_image(Connection& connection, const std::string& repository, const Image& image) {
  for (const Blob& layer : image.layers) push_missing_blob(connection, repository, layer);
  push_missing_blob(connection, repository, image.config);
  expect(connection.send("PUT", fmt::format("/v2/{}/manifests/{}", repository, image.tag),
                         "Content-Type: application/vnd.oci.image.manifest.v1+json\r\n", image.manifest),
         201, "PUT of a manifest");
}

/// Hands the numbers 0 to count-1 to clients, each with a connection of its own, and takes the time of all.
PushResult run_clients(const PushOptions& options, const std::function<void(Connection&, std::size_t)>& push) {
  std::atomic<std::size_t> next = 0;
  std::atomic<std::size_t> done = 0;
  PushResult result;
  std::mutex mutex;
  const auto run = [&] {
    Connection connection(options.address);
    for (std::size_t index = next++; index < options.count; index = next++) {
      try {
        push(connection, index);
        ++done;
      } catch (const std::exception& problem) {
        const std::scoped_lock lock(mutex);
        ++result.failed;
        if (result.first_problem.empty()) result.first_problem = problem.what();
      }
    }
  };
  const auto started = std::chrono::steady_clock::now();
  std::vector<std::thread> clients;
  for (std::size_t i = 0; i < options.client_count; ++i) clients.emplace_back(run);
  for (std::thread& client : clients) client.join();
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  result.done = done;
  return result;
}

}  // namespace

PushResult push_blobs(const PushOptions& options) {
  // Made before the clock runs: the client's own hashing must not be measured.
  std::vector<Blob> blobs;
  for (std::size_t i = 0; i < options.count; ++i) blobs.push_back(make_blob(options.seed + i, options.blob_size_bytes));
  return run_clients(options, [&](Connection& connection, std::size_t index) {
    push_blob(connection, options.repository, blobs[index]);
  });
}

PushResult push_images(const PushOptions& options) {
  std::vector<Image> images;
  std::uint64_t seed = options.seed * 1'000'003;
  for (std::size_t i = 0; i < options.count; ++i) {
    Image image;
    for (std::size_t layer = 0; layer < options.layer_count; ++layer) {
      image.layers.push_back(make_blob(++seed, options.blob_size_bytes));
    }
    image.config.bytes = fmt::format(
        R"({{"architecture":"amd64","os":"linux","rootfs":{{"type":"layers","diff_ids":[]}},"created_by":"{}"}})",
        seed);
    image.config.digest = sha256_digest(image.config.bytes);
    image.manifest = make_manifest(image.config, image.layers);
    image.tag = fmt::format("t{}-{}", options.seed, i);
    images.push_back(std::move(image));
  }
  const auto push = [&](Connection& connection, std::size_t index) {
    push_image(connection, options.repository, images[index]);
  };
  if (options.is_repeated) {
    const PushResult before = run_clients(options, push);
    if (before.failed > 0) return before;
  }
  return run_clients(options, push);
}

}  // namespace berth::bench
