// require(): what the fuzzers hold to be true.
#pragma once

#include <cstdio>
#include <cstdlib>

namespace berth {

/// Says what was broken and ends the fuzzer, which keeps the input.
inline void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

}  // namespace berth
