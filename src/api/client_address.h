// ClientAddresses: who the client is when proxies stand in between: for limits, lock-outs and logs. Locations and
// everything else do not ask it.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "net/headers.h"
#include "net/ip_address.h"

namespace berth {

/// Which field the proxies write. One, and not both: a proxy that writes the one passes the other on as the client sent
/// it.
enum class ForwardedField { x_forwarded_for, forwarded };

struct ClientAddressOptions {
  std::vector<IpNetwork> proxies = {};  ///< whose word is taken; empty: nobody's
  bool trusts_unix_sockets = false;     ///< whoever connects to one is such a proxy, too
  ForwardedField field = ForwardedField::x_forwarded_for;

  bool is_on() const { return !proxies.empty() || trusts_unix_sockets; }
};

/// Threading: immutable.
class ClientAddresses {
 public:
  explicit ClientAddresses(ClientAddressOptions options) : options_(std::move(options)) {}

  /// The address that a trusted peer says it forwards for: the last in the list that is not a trusted proxy's itself,
  /// since everything before that was written by somebody who may lie. Nothing if the peer is not trusted, or says
  /// nothing that can be read: then the client is the peer. `fields` are pairs of name and value. Allocates nothing.
  template <class Fields>
  std::optional<IpAddress> forwarded_for(std::string_view peer, const Fields& fields) const {
    if (!options_.is_on() || !is_trusted(peer)) return std::nullopt;
    Lines lines;
    for (const auto& [name, value] : fields) {
      if (equals_ignoring_case(name, field_name())) lines.add(value);
    }
    return last_stranger(lines.all());
  }

 private:
  /// The last lines of a field; more than anybody needs are left out from the front, where they are least to be
  /// trusted.
  class Lines {
   public:
    void add(std::string_view line) { lines_[count_++ % lines_.size()] = line; }
    /// The youngest first.
    std::span<const std::string_view> all() {
      const std::size_t kept = count_ < lines_.size() ? count_ : lines_.size();
      for (std::size_t i = 0; i < kept; ++i) ordered_[i] = lines_[(count_ - 1 - i) % lines_.size()];
      return std::span(ordered_).first(kept);
    }

   private:
    std::array<std::string_view, 16> lines_{};
    std::array<std::string_view, 16> ordered_{};
    std::size_t count_ = 0;
  };

  std::string_view field_name() const {
    return options_.field == ForwardedField::forwarded ? "Forwarded" : "X-Forwarded-For";
  }
  bool is_trusted(std::string_view peer) const;
  bool is_trusted(const IpAddress& address) const;
  std::optional<IpAddress> last_stranger(std::span<const std::string_view> lines) const;

  const ClientAddressOptions options_;
};

}  // namespace berth
