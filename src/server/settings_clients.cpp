// Who the client is and what he may ask for in a time: trusted proxies, CORS, rate limits.
#include <charconv>

#include "base/byte_count.h"
#include "base/duration.h"
#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

constexpr std::string_view kUnixSockets = "unix";
constexpr std::chrono::hours kLongestWindow{24 * 31};

/// Networks, and `unix`.
SettingBinding proxies(ClientAddressOptions& target) {
  SettingBinding binding;
  binding.type = "list";
  binding.shape = SettingShape::list_of_scalars;
  binding.read = [&target](const ConfigValue& value, SettingFaults& faults) {
    std::vector<std::string> texts;
    text_list(texts).read(value, faults);
    target.proxies.clear();
    target.trusts_unix_sockets = false;
    for (std::size_t i = 0; i < texts.size(); ++i) {
      if (texts[i] == kUnixSockets) {
        target.trusts_unix_sockets = true;
      } else if (const std::optional<IpNetwork> network = IpNetwork::parse(texts[i])) {
        target.proxies.push_back(*network);
      } else {
        faults.refuse(value, "\"" + texts[i] + "\" is not a network (like 10.0.0.0/8, 2001:db8::/32 or unix)");
      }
    }
  };
  binding.show = [&target] {
    std::vector<std::string> texts;
    for (const IpNetwork& network : target.proxies) texts.push_back(network.text());
    if (target.trusts_unix_sockets) texts.emplace_back(kUnixSockets);
    return text_list(texts).show();
  };
  return binding;
}

std::optional<std::string> check_origin(const std::string& text) {
  if (text == "*") return std::nullopt;
  // An origin has no path, not even "/" (RFC 6454, 6.2): one that has would never match.
  const std::size_t host = text.find("://");
  const bool is_origin =
      host != std::string::npos && text.find('/', host + 3) == std::string::npos && !check_http_url(text);
  if (is_origin) return std::nullopt;
  return "\"" + text + "\" is not an origin (like https://ui.example.com, without a path)";
}

void describe_cors(SettingSection http, CorsOptions& options) {
  SettingSection cors = http.section("cors", "Berth's own. Web pages of other origins that may use the API.");
  cors.value("origins", checked(text_list(options.origins), check_origin),
             "Origins that may, like `https://ui.example.com`; `*` is any. Unset: none.");
  cors.value("credentials", flag(options.allows_credentials),
             "Pages may send credentials that the browser keeps. Never with `*`.");
  cors.value("requestheaders", text_list(options.request_fields), "Fields that pages may send.");
  cors.value("responseheaders", text_list(options.response_fields), "Fields that pages may read.");
  cors.value("maxage", duration(options.preflight_lifetime), "How long browsers remember what they were told.");
}

std::string show_rate(const BudgetLimit& limit, bool is_bytes) {
  if (!limit.is_set()) return "";
  const std::string units = is_bytes ? format_byte_count(limit.units) : std::to_string(limit.units);
  return units + "/" + format_duration(limit.window);
}

/// "100/6h", "10GiB/24h"; empty is none.
std::expected<BudgetLimit, std::string> parse_rate(std::string_view text, bool is_bytes) {
  if (text.empty()) return BudgetLimit{};
  const auto refuse = [&] {
    return std::unexpected("\"" + std::string(text) + "\" is not a rate (like " + (is_bytes ? "10GiB/24h" : "100/6h") +
                           ")");
  };
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) return refuse();
  const std::optional<std::uint64_t> units = parse_byte_count(text.substr(0, slash));
  const std::optional<std::chrono::nanoseconds> window = parse_duration(text.substr(slash + 1));
  const bool is_number = text.substr(0, slash).find_first_not_of("0123456789") == std::string_view::npos;
  if (!units || !window || (!is_bytes && !is_number)) return refuse();
  BudgetLimit limit{.units = *units, .window = std::chrono::duration_cast<std::chrono::seconds>(*window)};
  if (limit.units == 0) return std::unexpected("\"" + std::string(text) + "\" allows nothing at all");
  if (limit.window.count() < 1 || limit.window > kLongestWindow || limit.window != *window) {
    return std::unexpected("the time of \"" + std::string(text) + "\" is not in whole seconds from 1s to 744h");
  }
  return limit;
}

SettingBinding rate(BudgetLimit& target, bool is_bytes) {
  return custom<BudgetLimit>(
      target, "rate", is_bytes ? "a rate (like 10GiB/24h)" : "a rate (like 100/6h)",
      [is_bytes](std::string_view text) { return parse_rate(text, is_bytes); },
      [is_bytes](const BudgetLimit& limit) { return show_rate(limit, is_bytes); });
}

void describe_owner(SettingSection limits, const char* key, const char* help, OwnerLimits& owner) {
  SettingSection section = limits.section(key, help);
  section.value("requests", rate(owner.requests, false), "Requests in a time, like `6000/1m`. Unset: any number.");
  section.value("pulls", rate(owner.pulls, false),
                "Images in a time, like `100/6h`: manifests that are sent and are no index. Looking whether there is "
                "something new "
                "(HEAD, 304) is free.");
  section.value("bytes", rate(owner.bytes, true), "Bytes of answers in a time, like `10GiB/24h`.");
}

}  // namespace

void describe_http_clients(SettingSection http, ServerConfig& config) {
  ClientAddressOptions& clients = config.http.client_addresses;
  SettingSection trusted = http.section(
      "trustedproxies",
      "Berth's own. Proxies whose word on who the client is counts: for limits, lock-outs and logs, and for "
      "nothing else (`Location` needs no setting).");
  trusted.value("networks", proxies(clients),
                "Their addresses: networks, and `unix` for whoever connects to a unix socket.");
  trusted.value("header",
                choice<ForwardedField>(clients.field, {{"x-forwarded-for", ForwardedField::x_forwarded_for},
                                                       {"forwarded", ForwardedField::forwarded}}),
                "The field that they write. The other one is passed on as the client sent it, and never looked at.");
  describe_cors(http, config.http.cors);
}

void describe_rate_limits(SettingSection root, ServerConfig& config) {
  RateLimitOptions& options = config.rate_limits;
  SettingSection limits = root.section(
      "ratelimit",
      "Berth's own. How much callers may ask for in a time; beyond it they are answered 429. Unset: any amount.");
  describe_owner(limits, "anonymous", "Each address of callers without a login; a /64 of IPv6 is one.",
                 options.anonymous);
  describe_owner(limits, "user", "Each user.", options.user);
  describe_owner(limits, "robot", "Each robot.", options.robot);
  describe_owner(limits, "namespace", "Each first part of a repository's name, all callers together.",
                 options.name_space);
  limits.value("owners", number(options.owner_count, 1000, 100'000'000),
               "Addresses, users, robots and namespaces that are counted at a time, about 50 bytes each.");
}

}  // namespace berth
