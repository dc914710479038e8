// berth_load: pushes blobs or images to a registry, or asks it by HEAD, and prints what it took as one line of JSON.
//
//   berth_load blobs  127.0.0.1:5000 --clients 4 --count 8 --size 268435456
//   berth_load images 127.0.0.1:5000 --clients 8 --count 64 --layers 10 --size 1048576
//   berth_load heads  127.0.0.1:5000 /v2/app/manifests/latest --connections 32 --seconds 3
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "tests/bench/heads.h"
#include "tests/bench/pushes.h"

namespace {

int run(int argument_count, char** arguments) {
  CLI::App app("Pushes new content to a registry and takes the time");
  app.require_subcommand(1);
  berth::bench::PushOptions options;
  CLI::App* blobs = app.add_subcommand("blobs", "single blobs, each by POST and PUT");
  CLI::App* images = app.add_subcommand("images", "images, as docker pushes them");
  for (CLI::App* command : {blobs, images}) {
    command->add_option("address", options.address, "HOST:PORT")->required();
    command->add_option("--repository", options.repository);
    command->add_option("--clients", options.client_count)->check(CLI::Range(1, 1024));
    command->add_option("--count", options.count);
    command->add_option("--size", options.blob_size_bytes, "bytes of a blob or layer");
    command->add_option("--seed", options.seed);
  }
  berth::bench::HeadOptions head_options;
  CLI::App* heads = app.add_subcommand("heads", "HEAD requests as fast as they are answered");
  heads->add_option("address", head_options.address, "HOST:PORT")->required();
  heads->add_option("target", head_options.target, "path")->required();
  heads->add_option("--accept", head_options.accept);
  heads->add_option("--connections", head_options.connection_count)->check(CLI::Range(1, 4096));
  heads->add_option("--seconds", head_options.seconds);
  images->add_option("--layers", options.layer_count);
  images->add_flag("--repeated", options.is_repeated, "push everything once before the clock runs");
  CLI11_PARSE(app, argument_count, arguments);

  if (heads->parsed()) {
    const berth::bench::HeadResult result = run_heads(head_options);
    fmt::print("{{\"seconds\": {:.6f}, \"requests\": {}, \"bytes\": 0, \"failed\": {}, \"p99_ms\": {:.3f}}}\n",
               result.seconds, result.requests, result.failed, result.p99_ms);
    return result.failed > 0 ? 1 : 0;
  }
  const berth::bench::PushResult result = blobs->parsed() ? push_blobs(options) : push_images(options);
  fmt::print("{{\"seconds\": {:.6f}, \"done\": {}, \"failed\": {}}}\n", result.seconds, result.done, result.failed);
  if (result.failed > 0)
    fmt::print(stderr, "berth_load: {} failed, the first: {}\n", result.failed, result.first_problem);
  return result.failed > 0 ? 1 : 0;
}

}  // namespace

int main(int argument_count, char** arguments) {
  try {
    return run(argument_count, arguments);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "berth_load: {}\n", problem.what());
    return 1;
  }
}
