// Distribution's command line, for scripts, images and units that call `registry`.
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "apps/berth/commands.h"
#include "server/environment.h"

namespace berth {
namespace {

struct Flag {
  std::string_view name;
  char letter;
  std::string_view help;
};

struct Command {
  std::string_view name;
  std::string_view use;
  std::string_view help;
  std::vector<Flag> flags;
};

const Command kRoot{"registry",
                    "registry [flags]\n  registry [command]",
                    "`registry`",
                    {{"version", 'v', "show the version and exit"}}};
const Command kServe{"serve", "registry serve <config> [flags]", "`serve` stores and distributes Docker images", {}};
const Command kCollect{"garbage-collect",
                       "registry garbage-collect <config> [flags]",
                       "`garbage-collect` deletes layers not referenced by any manifests",
                       {{"delete-untagged", 'm', "delete manifests that are not currently referenced via tag"},
                        {"dry-run", 'd', "do everything except remove the blobs"},
                        {"quiet", 'q', "silence output"},
                        {"empty-trash", '\0', "remove what only deleted manifests keep, too"},
                        {"verbose", 'v', "say why each goes, and what waits"}}};

std::string usage_of(const Command& command) {
  std::string text = fmt::format("Usage:\n  {}\n", command.use);
  if (&command == &kRoot) {
    text += fmt::format("\nAvailable Commands:\n  {:<16} {}\n  {:<16} {}\n  {:<16} {}\n", kCollect.name, kCollect.help,
                        "help", "Help about any command", kServe.name, kServe.help);
  }
  text += "\nFlags:\n";
  for (const Flag& flag : command.flags) {
    text += flag.letter == '\0' ? fmt::format("      --{:<16} {}\n", flag.name, flag.help)
                                : fmt::format("  -{}, --{:<16} {}\n", flag.letter, flag.name, flag.help);
  }
  text += fmt::format("  -h, --{:<16} help for {}\n", "help", command.name);
  return text;
}

int fail(const Command& command, const std::string& reason) {
  fmt::print(stderr, "Error: {}\n{}", reason, usage_of(command));
  return 1;
}

/// What stood after a command, or on the root.
struct Arguments {
  std::vector<std::string> words;
  std::vector<std::string_view> flags;  ///< by their names
  bool wants_help = false;
  std::string error;

  bool has(std::string_view flag) const { return std::ranges::find(flags, flag) != flags.end(); }
};

/// `--dry-run`, `--dry-run=true`, `-dm`; "--" ends the flags.
Arguments read_arguments(const Command& command, std::span<char*> texts) {
  Arguments arguments;
  bool has_ended = false;
  const auto is_known = [&command](auto matches) {
    for (const Flag& flag : command.flags) {
      if (matches(flag)) return true;
    }
    return false;
  };
  for (const std::string_view text : texts) {
    if (has_ended || text.size() < 2 || text.front() != '-') {
      arguments.words.emplace_back(text);
    } else if (text == "--") {
      has_ended = true;
    } else if (text.starts_with("--")) {
      const std::string_view name =
          text.substr(2, text.find('=') == std::string_view::npos ? text.npos : text.find('=') - 2);
      if (name == "help")
        arguments.wants_help = true;
      else if (!is_known([name](const Flag& flag) { return flag.name == name; }))
        arguments.error = fmt::format("unknown flag: --{}", name);
      else if (!text.ends_with("=false"))
        arguments.flags.push_back(name);
    } else {
      for (const char letter : text.substr(1)) {
        if (letter == 'h')
          arguments.wants_help = true;
        else if (!is_known([letter](const Flag& flag) { return flag.letter == letter; })) {
          arguments.error = fmt::format("unknown shorthand flag: '{}' in {}", letter, text);
          break;
        } else {
          for (const Flag& flag : command.flags) {
            if (flag.letter == letter) arguments.flags.push_back(flag.name);
          }
        }
      }
    }
    if (!arguments.error.empty()) break;
  }
  return arguments;
}

/// The argument, else REGISTRY_CONFIGURATION_PATH.
std::optional<std::string> configuration_path(const std::vector<std::string>& words) {
  if (!words.empty()) return words.front();
  return configuration_path_from_environment();
}

int run_command(const Command& command, std::span<char*> texts) {
  const Arguments arguments = read_arguments(command, texts);
  if (arguments.wants_help) {
    fmt::print("{}\n\n{}", command.help, usage_of(command));
    return 0;
  }
  if (!arguments.error.empty()) return fail(command, arguments.error);
  const std::optional<std::string> path = configuration_path(arguments.words);
  if (!path) {
    fmt::print(stderr, "configuration error: configuration path unspecified\n{}", usage_of(command));
    return 1;
  }
  if (&command == &kCollect) {
    return run_garbage_collect({.config_file = path,
                                .is_dry_run = arguments.has("dry-run"),
                                .deletes_untagged = arguments.has("delete-untagged"),
                                .empties_trash = arguments.has("empty-trash"),
                                .is_quiet = arguments.has("quiet"),
                                .is_verbose = arguments.has("verbose")});
  }
  return run_serve(path, Manner::registry, usage_of(command));
}

int show_help(std::span<char*> words) {
  const Command* command = &kRoot;
  if (!words.empty() && words.front() == kServe.name) command = &kServe;
  if (!words.empty() && words.front() == kCollect.name) command = &kCollect;
  fmt::print("{}\n\n{}", command->help, usage_of(*command));
  return 0;
}

bool is_file(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

}  // namespace

int run_registry(int argc, char** argv) {
  const std::span<char*> all(argv, static_cast<std::size_t>(argc));
  const std::span<char*> rest = all.subspan(1);
  const std::string_view first = rest.empty() ? "" : rest.front();
  if (first == kServe.name) return run_command(kServe, rest.subspan(1));
  if (first == kCollect.name) return run_command(kCollect, rest.subspan(1));
  if (first == "help") return show_help(rest.subspan(1));
  // What the library image's entrypoint does for `registry config.yml`.
  if (!first.empty() && first.front() != '-' && is_file(std::string(first))) return run_command(kServe, rest);

  const Arguments arguments = read_arguments(kRoot, rest);
  if (arguments.wants_help) return show_help({});
  if (!arguments.error.empty()) return fail(kRoot, arguments.error);
  if (arguments.has("version")) {
    fmt::print("{} berth {}\n", all.front(), BERTH_VERSION);
    return 0;
  }
  if (!arguments.words.empty()) {
    fmt::print(stderr, "Error: unknown command \"{}\" for \"registry\"\nRun 'registry --help' for usage.\n",
               arguments.words.front());
    return 1;
  }
  fmt::print("{}", usage_of(kRoot));
  return 0;
}

}  // namespace berth
