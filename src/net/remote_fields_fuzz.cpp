// What other registries send: challenges, links, locations.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "net/auth_challenge.h"
#include "net/url.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  berth::parse_auth_challenge(text);
  berth::next_page_of(text);
  const berth::Url base = berth::Url::parse("https://registry.example/v2/").value();
  if (const auto url = base.resolve(text)) {
    if (url->host.empty() || url->port == 0 || !url->target.starts_with('/')) std::abort();
    const auto again = berth::Url::parse(url->origin());
    if (!again || !again->has_same_origin(*url)) std::abort();
  }
  return 0;
}
