#include "api/location.h"

#include <gtest/gtest.h>

#include <initializer_list>
#include <utility>

namespace berth {
namespace {

http::Request request_with(std::initializer_list<std::pair<const char*, const char*>> headers,
                           const std::string& host = "registry.test:5000") {
  http::Request request;
  request.host = host;
  for (const auto& [name, value] : headers) request.headers.add(name, value);
  return request;
}

std::string url(const http::Request& request, LocationOptions options = {}) {
  return Locations(std::move(options)).url(request, "/v2/a");
}

TEST(Locations, AreAbsoluteByTheHostField) {
  EXPECT_EQ(url(request_with({})), "http://registry.test:5000/v2/a");
  EXPECT_EQ(url(request_with({}, "[::1]:5000")), "http://[::1]:5000/v2/a");
  http::Request tls = request_with({});
  tls.is_tls = true;
  EXPECT_EQ(url(tls), "https://registry.test:5000/v2/a");
  EXPECT_EQ(url(request_with({}, "")), "/v2/a") << "HTTP/1.0 may say no host";
}

TEST(Locations, TheConfiguredHostWinsOverAll) {
  const http::Request request = request_with({{"X-Forwarded-Host", "proxy.test"}});
  EXPECT_EQ(url(request, {.host = "https://registry.example"}), "https://registry.example/v2/a");
}

TEST(Locations, FollowTheProxy) {
  EXPECT_EQ(url(request_with({{"X-Forwarded-Proto", "https"}})), "https://registry.test:5000/v2/a");
  EXPECT_EQ(url(request_with({{"X-Forwarded-Proto", "HTTPS, http"}, {"X-Forwarded-Host", "a.test, b.test"}})),
            "https://a.test/v2/a");
  EXPECT_EQ(url(request_with({{"Forwarded", R"(for=1.2.3.4;proto=https;host="a.test:444", for=5.6.7.8;host=b.test)"}})),
            "https://a.test:444/v2/a");
  EXPECT_EQ(url(request_with({{"Forwarded", "proto=https"}, {"X-Forwarded-Host", "ignored.test"}})),
            "https://registry.test:5000/v2/a");
}

TEST(Locations, IgnoreWhatIsMalformed) {
  for (const char* bad :
       {"a b", "a.test/path", "user@a.test", "a.test:99999999", "a.test:65536", "a.test:", "\"", "[::1", "[x]", ""}) {
    EXPECT_EQ(url(request_with({{"X-Forwarded-Host", bad}})), "http://registry.test:5000/v2/a") << bad;
    const std::string forwarded = std::string("host=") + bad;
    EXPECT_EQ(url(request_with({{"Forwarded", forwarded.c_str()}})), "http://registry.test:5000/v2/a") << bad;
  }
  EXPECT_EQ(url(request_with({{"X-Forwarded-Proto", "javascript"}})), "http://registry.test:5000/v2/a");
  EXPECT_EQ(url(request_with({}, "evil.test/<script>")), "/v2/a");
}

TEST(Locations, IncludeThePrefix) {
  EXPECT_EQ(url(request_with({}), {.host = {}, .prefix = "/registry/"}), "http://registry.test:5000/registry/v2/a");
  EXPECT_EQ(url(request_with({}), {.host = {}, .prefix = "/registry/", .is_relative = true}), "/registry/v2/a");
  EXPECT_EQ(url(request_with({}), {.host = "https://ignored.test", .prefix = "/", .is_relative = true}), "/v2/a");
}

}  // namespace
}  // namespace berth
