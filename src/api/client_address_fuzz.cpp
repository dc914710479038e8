// Whatever a forwarding field holds: no fault, and an address that reads back as itself.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "api/client_address.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using berth::ForwardedField;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t half = text.find('\n');
  const std::string_view first = text.substr(0, half);
  const std::string_view second = half == std::string_view::npos ? std::string_view() : text.substr(half + 1);
  for (const ForwardedField field : {ForwardedField::x_forwarded_for, ForwardedField::forwarded}) {
    berth::ClientAddressOptions options{.proxies = {}, .field = field};
    options.proxies.push_back(*berth::IpNetwork::parse("10.0.0.0/8"));
    const std::string_view name = field == ForwardedField::forwarded ? "Forwarded" : "X-Forwarded-For";
    const std::array<std::pair<std::string_view, std::string_view>, 2> fields{{{name, first}, {name, second}}};
    const auto client = berth::ClientAddresses(options).forwarded_for("10.0.0.1:80", fields);
    if (client && berth::IpAddress::parse(client->text()) != client) std::abort();
  }
  if (const auto network = berth::IpNetwork::parse(first)) {
    const auto again = berth::IpNetwork::parse(network->text());
    if (!again || again->text() != network->text()) std::abort();
  }
  return 0;
}
