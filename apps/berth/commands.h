// The program's commands, one source each. Each returns the exit code and writes for people: findings to standard
// error, what was asked for to standard output.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// Who is asked: `berth`, or Distribution's `registry`, whose messages scripts know.
enum class Manner { berth, registry };

enum class Strictness { lenient, strict };

/// Serves until a signal. Without a file the built-in defaults hold (Manner::berth only).
int run_serve(const std::optional<std::string>& file, Manner manner, std::string_view usage);

/// Says everything there is to say about the file without serving. 0 if it can be used; Strictness::strict fails on
/// warnings and on what is not built, too.
int run_config_check(const std::string& file, Strictness strictness);

/// Prints the reference page of the configuration.
int run_config_doc();

enum class OutputForm { people, json };

/// What the Berth that serves the configured root says of itself. 1 if there is none.
int run_status(const std::optional<std::string>& file, OutputForm form);

/// Distribution's garbage-collect.
int run_garbage_collect();

/// The two command lines.
int run_berth(int argc, char** argv);
int run_registry(int argc, char** argv);

}  // namespace berth
