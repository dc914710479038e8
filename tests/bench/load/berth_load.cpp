// berth_load: the load of the benchmark. Prints what it took as one line of JSON.
//
//   berth_load requests  127.0.0.1:5000 --targets FILE --connections 32 --seconds 3 [--method HEAD] [--tls] [--rate
//   50000] berth_load blobs     127.0.0.1:5000 --clients 4 --count 8 --size 268435456 [--patch] berth_load images
//   127.0.0.1:5000 --clients 8 --count 64 --layers 10 --size 1048576 berth_load manifests 127.0.0.1:5000 --clients 64
//   --count 50000 --seconds 2 berth_load idle      127.0.0.1:5000 --connections 10000
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>
#include <string>
#include <string_view>

#include "tests/bench/load/idle.h"
#include "tests/bench/load/pushes.h"
#include "tests/bench/load/request_list.h"
#include "tests/bench/load/request_loop.h"

namespace berth::bench {
namespace {

struct RequestOptions {
  std::string targets_path;
  std::string method = "GET";
  std::string accept = "*/*";
  std::string authorization;
  bool is_once = false;
  LoopOptions loop;
};

CLI::App* add_requests(CLI::App& app, RequestOptions& options) {
  CLI::App* requests = app.add_subcommand("requests", "GET or HEAD at random as fast as they are answered");
  requests->add_option("address", options.loop.address, "HOST:PORT")->required();
  requests->add_option("--targets", options.targets_path, "a file of lines \"target [length of the body]\"")
      ->required();
  requests->add_option("--method", options.method)->check(CLI::IsMember({"GET", "HEAD"}));
  requests->add_option("--accept", options.accept);
  requests->add_option("--authorization", options.authorization, "value of that field; empty: none");
  requests->add_option("--connections", options.loop.connection_count)->check(CLI::Range(1, 100'000));
  requests->add_option("--threads", options.loop.thread_count)->check(CLI::Range(1, 64));
  requests->add_option("--seconds", options.loop.seconds);
  requests->add_option("--rate", options.loop.rate, "requests a second; 0: as many as are answered");
  requests->add_option("--run", options.loop.run_length, "targets in a row that one connection asks for together")
      ->check(CLI::PositiveNumber);
  requests->add_option("--seed", options.loop.seed);
  requests->add_option("--server", options.loop.servers, "process whose CPU time is taken");
  requests->add_flag("--once", options.is_once, "each target one time, in order");
  requests->add_flag("--tls", options.loop.is_encrypted);
  return requests;
}

CLI::App* add_pushes(CLI::App& app, const char* name, const char* about, PushOptions& options) {
  CLI::App* command = app.add_subcommand(name, about);
  command->add_option("address", options.address, "HOST:PORT")->required();
  command->add_option("--repository", options.repository);
  command->add_option("--clients", options.client_count)->check(CLI::Range(1, 1024));
  command->add_option("--count", options.count);
  command->add_option("--size", options.blob_size_bytes, "bytes of a blob or layer");
  command->add_option("--layers", options.layer_count, "of an image");
  command->add_option("--seed", options.seed, "other seeds, other content");
  command->add_option("--server", options.servers, "process whose CPU time is taken");
  return command;
}

int report_failures(std::uint64_t failed, std::string_view first_problem) {
  if (failed == 0) return 0;
  fmt::print(stderr, "berth_load: {} failed, the first: {}\n", failed, first_problem);
  return 1;
}

int print(const LoopResult& result) {
  fmt::print(R"({{"seconds": {:.6f}, "requests": {}, "bytes": {}, "failed": {}, "p50_ms": {:.4f}, "p99_ms": {:.4f}, )"
             R"("server_cpu_seconds": {:.6f}, "client_cpu_seconds": {:.6f}}})"
             "\n",
             result.seconds, result.requests, result.bytes, result.failed, result.p50_ms, result.p99_ms,
             result.server_cpu_seconds, result.own_cpu_seconds);
  return report_failures(result.failed, result.first_problem);
}

int print(const PushResult& result) {
  fmt::print(
      R"({{"seconds": {:.6f}, "done": {}, "failed": {}, "server_cpu_seconds": {:.6f}, "client_cpu_seconds": {:.6f}}})"
      "\n",
      result.seconds, result.done, result.failed, result.server_cpu_seconds, result.own_cpu_seconds);
  return report_failures(result.failed, result.first_problem);
}

int ask(RequestOptions& options) {
  options.loop.has_bodies = options.method != "HEAD";
  options.loop.order = options.is_once ? Order::once : Order::random;
  return print(run_requests(
      read_targets(options.targets_path, options.method, options.loop.address, options.accept, options.authorization),
      options.loop));
}

int run(int argument_count, char** arguments) {
  CLI::App app("The load of the benchmark");
  app.require_subcommand(1);
  RequestOptions request_options;
  const CLI::App* requests = add_requests(app, request_options);
  PushOptions push_options;
  bool is_patched = false;
  double seconds = 3600;
  CLI::App* blobs = add_pushes(app, "blobs", "single blobs", push_options);
  blobs->add_flag("--patch", is_patched, "POST, PATCH and PUT instead of POST and PUT");
  CLI::App* images = add_pushes(app, "images", "images, as docker pushes them", push_options);
  images->add_option("--again-seconds", push_options.again_seconds,
                     "push all before the clock runs, then again and again for this time");
  CLI::App* manifests = add_pushes(app, "manifests", "manifests with a tag each", push_options);
  manifests->add_option("--seconds", seconds, "ends earlier when this time is over");
  IdleOptions idle_options;
  CLI::App* idle = app.add_subcommand("idle", "connections that rest until a line of input comes");
  idle->add_option("address", idle_options.address, "HOST:PORT")->required();
  idle->add_option("--target", idle_options.target);
  idle->add_option("--connections", idle_options.connection_count);
  CLI11_PARSE(app, argument_count, arguments);

  if (is_patched) push_options.way = BlobWay::post_patch_put;
  if (requests->parsed()) return ask(request_options);
  if (blobs->parsed()) return print(push_blobs(push_options));
  if (images->parsed()) return print(push_images(push_options));
  if (manifests->parsed()) return print(push_manifests(push_options, seconds));
  fmt::print("{}\n", hold_idle_connections(idle_options));
  return 0;
}

}  // namespace
}  // namespace berth::bench

int main(int argument_count, char** arguments) {
  try {
    return berth::bench::run(argument_count, arguments);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "berth_load: {}\n", problem.what());
    return 1;
  }
}
