// are_equal_secrets: a comparison that tells nobody how far two texts agree.
#pragma once

#include <cstddef>
#include <string_view>

namespace berth {

/// Takes a time that depends on the lengths alone.
inline bool are_equal_secrets(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  volatile unsigned char difference = 0;  // volatile: no compiler may leave the loop early
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference =
        static_cast<unsigned char>(difference | (static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i])));
  }
  return difference == 0;
}

}  // namespace berth
