// Secrets from whoever types them: never from the command line, which every process of the machine can read.
#pragma once

#include <string>

namespace berth {

enum class SecretSource {
  terminal,  ///< asked for without echo, twice
  input,     ///< standard input, up to its end; one line end at the end is not part of it
};

/// Throws Failure(internal) with one line: no terminal to ask on, the two differ, nothing came.
std::string read_secret(SecretSource source, const std::string& what);

}  // namespace berth
