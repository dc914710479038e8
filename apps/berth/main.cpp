// One program with two names: berth, and registry for everything that was written for Distribution.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string_view>

#include "apps/berth/commands.h"

int main(int argc, char** argv) {
  try {
    const std::string_view path = argc > 0 ? argv[0] : "berth";
    const std::string_view name = path.substr(path.rfind('/') + 1);
    return name == "registry" ? berth::run_registry(argc, argv) : berth::run_berth(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}
