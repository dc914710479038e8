#include "net/url.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(Url, TakesApartWhatPeopleType) {
  const std::optional<Url> plain = Url::parse("http://127.0.0.1:5000");
  ASSERT_TRUE(plain);
  EXPECT_FALSE(plain->is_tls);
  EXPECT_EQ(plain->host, "127.0.0.1");
  EXPECT_EQ(plain->port, 5000);
  EXPECT_EQ(plain->target, "/");
  EXPECT_EQ(plain->authority(), "127.0.0.1:5000");
  const std::optional<Url> tls = Url::parse("https://registry.example/v2/_catalog?n=10#there");
  ASSERT_TRUE(tls);
  EXPECT_TRUE(tls->is_tls);
  EXPECT_EQ(tls->port, 443);
  EXPECT_EQ(tls->target, "/v2/_catalog?n=10");
  EXPECT_EQ(tls->origin(), "https://registry.example");
  const std::optional<Url> six = Url::parse("https://[2001:db8::1]:8443/");
  ASSERT_TRUE(six);
  EXPECT_EQ(six->host, "2001:db8::1");
  EXPECT_EQ(six->authority(), "[2001:db8::1]:8443");
}

TEST(Url, RefusesTheRest) {
  for (const char* text : {"", "registry.example", "ftp://x/", "https://", "https://user:pass@x/", "https://x:0/",
                           "https://x:99999/", "http://a b/", "https://x:80y/", "https://x%e4y/"}) {
    EXPECT_FALSE(Url::parse(text).has_value()) << text;
  }
}

TEST(Url, FollowsWhatALocationSays) {
  const Url base = Url::parse("https://registry.example:5000/v2/a").value();
  EXPECT_EQ(base.resolve("/blobs/x?y=1#z")->target, "/blobs/x?y=1");
  EXPECT_TRUE(base.resolve("/blobs/x")->has_same_origin(base));
  const std::optional<Url> other = base.resolve("https://storage.example/x");
  ASSERT_TRUE(other);
  EXPECT_FALSE(other->has_same_origin(base));
  EXPECT_EQ(base.resolve("//storage.example/x")->origin(), "https://storage.example");
  EXPECT_FALSE(base.resolve("relative").has_value());
}

}  // namespace
}  // namespace berth
