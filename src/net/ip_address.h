// IpAddress and IpNetwork: who is at the other end, compared and kept as bytes.
#pragma once

#include <array>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace berth {

/// An IPv4 or IPv6 address. IPv4-mapped IPv6 addresses (::ffff:10.0.0.1, as a dual-stack socket shows IPv4 peers) are
/// IPv4.
class IpAddress {
 public:
  /// "10.0.0.1", "2001:db8::1", also in brackets. Zones ("fe80::1%eth0") are left out. Allocates nothing.
  static std::optional<IpAddress> parse(std::string_view text);
  /// The same, with a port or without: "10.0.0.1:4711", "[2001:db8::1]:4711". Nothing for "unix".
  static std::optional<IpAddress> parse_endpoint(std::string_view text);

  bool is_v4() const;
  /// What one customer of a provider usually has: the /64 of an IPv6 address, an IPv4 address itself.
  IpAddress customer() const;
  /// 16 bytes, IPv4 as IPv4-mapped; a key for tables.
  const std::array<std::uint8_t, 16>& bytes() const { return bytes_; }
  std::string_view key() const { return {reinterpret_cast<const char*>(bytes_.data()), bytes_.size()}; }
  std::string text() const;

  auto operator<=>(const IpAddress&) const = default;

 private:
  friend class IpNetwork;
  explicit IpAddress(const std::array<std::uint8_t, 16>& bytes) : bytes_(bytes) {}
  std::array<std::uint8_t, 16> bytes_;
};

/// "10.0.0.0/8", "2001:db8::/32", or one address.
class IpNetwork {
 public:
  static std::optional<IpNetwork> parse(std::string_view text);
  bool contains(const IpAddress& address) const;
  std::string text() const;

 private:
  IpNetwork(IpAddress base, unsigned bits) : base_(base), bits_(bits) {}
  IpAddress base_;
  unsigned bits_;  ///< of 128
};

}  // namespace berth
