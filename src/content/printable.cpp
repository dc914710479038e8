#include "content/printable.h"

namespace berth {

std::string printable(std::string_view text, std::size_t limit_bytes) {
  std::string clean(text.substr(0, limit_bytes));
  for (char& c : clean) {
    if (c < 0x20 || c > 0x7e) c = '?';
  }
  if (text.size() > limit_bytes) clean += "...";
  return clean;
}

}  // namespace berth
