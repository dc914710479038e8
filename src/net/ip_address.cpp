#include "net/ip_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <algorithm>
#include <charconv>
#include <cstring>

namespace berth {
namespace {

constexpr std::array<std::uint8_t, 12> kMapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
constexpr unsigned kMappedBits = 96;

std::optional<unsigned> parse_number(std::string_view text, unsigned most) {
  unsigned number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > most) return std::nullopt;
  return number;
}

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  if (text.size() >= 2 && text.front() == '[' && text.back() == ']') {
    text = text.substr(1, text.size() - 2);
    if (text.find(':') == std::string_view::npos) return std::nullopt;
  }
  const bool is_v6 = text.find(':') != std::string_view::npos;
  if (is_v6) text = text.substr(0, text.find('%'));
  std::array<char, INET6_ADDRSTRLEN> terminated{};
  if (text.empty() || text.size() >= terminated.size()) return std::nullopt;
  std::ranges::copy(text, terminated.begin());
  std::array<std::uint8_t, 16> bytes{};
  if (is_v6) {
    if (::inet_pton(AF_INET6, terminated.data(), bytes.data()) != 1) return std::nullopt;
  } else {
    std::ranges::copy(kMapped, bytes.begin());
    if (::inet_pton(AF_INET, terminated.data(), bytes.data() + kMapped.size()) != 1) return std::nullopt;
  }
  return IpAddress(bytes);
}

std::optional<IpAddress> IpAddress::parse_endpoint(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (text.find(':') == colon || (text.starts_with('[') && text[colon - 1] == ']'));
  if (!has_port) return parse(text);
  if (!parse_number(text.substr(colon + 1), 65'535)) return std::nullopt;
  return parse(text.substr(0, colon));
}

bool IpAddress::is_v4() const {
  return std::equal(kMapped.begin(), kMapped.end(), bytes_.begin());
}

IpAddress IpAddress::customer() const {
  if (is_v4()) return *this;
  std::array<std::uint8_t, 16> bytes = bytes_;
  std::fill(bytes.begin() + 8, bytes.end(), std::uint8_t{0});
  return IpAddress(bytes);
}

std::string IpAddress::text() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const bool v4 = is_v4();
  ::inet_ntop(v4 ? AF_INET : AF_INET6, bytes_.data() + (v4 ? kMapped.size() : 0), text.data(), text.size());
  return text.data();
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  std::optional<IpAddress> base = IpAddress::parse(text.substr(0, slash));
  if (!base) return std::nullopt;
  const unsigned before = base->is_v4() ? kMappedBits : 0;
  unsigned bits = 128;
  if (slash != std::string_view::npos) {
    const std::optional<unsigned> length = parse_number(text.substr(slash + 1), 128 - before);
    if (!length) return std::nullopt;
    bits = before + *length;
  }
  // "10.1.2.3/8" is read as 10.0.0.0/8.
  for (unsigned bit = bits; bit < 128; ++bit) {
    base->bytes_[bit / 8] = static_cast<std::uint8_t>(base->bytes_[bit / 8] & ~(0x80U >> (bit % 8)));
  }
  return IpNetwork(*base, bits);
}

bool IpNetwork::contains(const IpAddress& address) const {
  const unsigned whole = bits_ / 8;
  if (std::memcmp(address.bytes().data(), base_.bytes().data(), whole) != 0) return false;
  if (bits_ % 8 == 0) return true;
  const unsigned mask = 0xff00U >> (bits_ % 8);
  return ((address.bytes()[whole] ^ base_.bytes()[whole]) & mask & 0xffU) == 0;
}

std::string IpNetwork::text() const {
  const unsigned bits = base_.is_v4() && bits_ >= kMappedBits ? bits_ - kMappedBits : bits_;
  return base_.text() + "/" + std::to_string(bits);
}

}  // namespace berth
