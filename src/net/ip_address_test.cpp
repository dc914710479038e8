#include "net/ip_address.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

std::string text_of(std::string_view text) {
  const std::optional<IpAddress> address = IpAddress::parse(text);
  return address ? address->text() : "none";
}

std::string endpoint_of(std::string_view text) {
  const std::optional<IpAddress> address = IpAddress::parse_endpoint(text);
  return address ? address->text() : "none";
}

bool is_in(std::string_view address, std::string_view network) {
  return IpNetwork::parse(network).value().contains(IpAddress::parse(address).value());
}

}  // namespace

TEST(IpAddress, ReadsBothKinds) {
  EXPECT_EQ(text_of("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(text_of("2001:DB8:0::1"), "2001:db8::1");
  EXPECT_EQ(text_of("[::1]"), "::1");
  EXPECT_EQ(text_of("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(text_of("fe80::1%eth0"), "fe80::1");
  for (const char* bad : {"", "unix", "10.0.0", "10.0.0.256", "10.0.0.1:80", "[10.0.0.1]", "::1]", "[::1", "1:2",
                          "010.0.0.1x", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}) {
    EXPECT_EQ(text_of(bad), "none") << bad;
  }
}

TEST(IpAddress, ReadsEndpoints) {
  EXPECT_EQ(endpoint_of("10.0.0.1:4711"), "10.0.0.1");
  EXPECT_EQ(endpoint_of("[2001:db8::1]:4711"), "2001:db8::1");
  EXPECT_EQ(endpoint_of("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(endpoint_of("2001:db8::1"), "2001:db8::1");
  EXPECT_EQ(endpoint_of("[::1]"), "::1");
  for (const char* bad : {"", ":", ":80", "unix", "10.0.0.1:", "10.0.0.1:x", "10.0.0.1:99999", "localhost:80"}) {
    EXPECT_EQ(endpoint_of(bad), "none") << bad;
  }
}

TEST(IpAddress, ACustomerHasASixtyFour) {
  EXPECT_EQ(IpAddress::parse("2001:db8:1:2:3:4:5:6")->customer().text(), "2001:db8:1:2::");
  EXPECT_EQ(IpAddress::parse("10.1.2.3")->customer().text(), "10.1.2.3");
}

TEST(IpNetwork, ContainsItsAddresses) {
  EXPECT_TRUE(is_in("10.1.2.3", "10.0.0.0/8"));
  EXPECT_FALSE(is_in("11.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(is_in("10.0.0.129", "10.0.0.128/25"));
  EXPECT_FALSE(is_in("10.0.0.127", "10.0.0.128/25"));
  EXPECT_TRUE(is_in("10.1.2.3", "10.1.2.3"));
  EXPECT_FALSE(is_in("10.1.2.4", "10.1.2.3"));
  EXPECT_TRUE(is_in("10.1.2.3", "0.0.0.0/0"));
  EXPECT_FALSE(is_in("::1", "0.0.0.0/0"));
  EXPECT_TRUE(is_in("::ffff:10.1.2.3", "10.0.0.0/8"));
  EXPECT_TRUE(is_in("2001:db8:ffff::1", "2001:db8::/32"));
  EXPECT_FALSE(is_in("2001:db9::1", "2001:db8::/32"));
  EXPECT_TRUE(is_in("2001:db8::1", "::/0"));
  EXPECT_EQ(IpNetwork::parse("10.1.2.3/8")->text(), "10.0.0.0/8");
  EXPECT_EQ(IpNetwork::parse("2001:db8:ffff::1/32")->text(), "2001:db8::/32");
  for (const char* bad : {"", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0.0/x", "10.0.0.0/-1", "x/8"}) {
    EXPECT_FALSE(IpNetwork::parse(bad)) << bad;
  }
}

}  // namespace berth
