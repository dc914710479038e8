#include "api/client_address.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

namespace berth {
namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;

ClientAddressOptions behind(std::initializer_list<std::string_view> proxies, ForwardedField field) {
  ClientAddressOptions options{.proxies = {}, .field = field};
  for (const std::string_view proxy : proxies) options.proxies.push_back(IpNetwork::parse(proxy).value());
  return options;
}

std::string client_of(const ClientAddressOptions& options, std::string_view peer, const Fields& fields) {
  const std::optional<IpAddress> client = ClientAddresses(options).forwarded_for(peer, fields);
  return client ? client->text() : "the peer";
}

std::string by_x(std::string_view peer, const Fields& fields) {
  return client_of(behind({"10.0.0.0/8", "::1"}, ForwardedField::x_forwarded_for), peer, fields);
}

std::string by_forwarded(std::string value) {
  return client_of(behind({"10.0.0.0/8"}, ForwardedField::forwarded), "10.0.0.1:80", {{"forwarded", std::move(value)}});
}

}  // namespace

TEST(ClientAddress, NobodysWordIsTakenByDefault) {
  EXPECT_EQ(client_of({}, "10.0.0.1:80", {{"X-Forwarded-For", "1.2.3.4"}, {"Forwarded", "for=1.2.3.4"}}), "the peer");
}

TEST(ClientAddress, ATrustedProxysWordIsTaken) {
  EXPECT_EQ(by_x("10.0.0.1:80", {{"x-forwarded-for", "1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(by_x("[::1]:80", {{"X-Forwarded-For", "2001:db8::1"}}), "2001:db8::1");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "1.2.3.4:5555"}}), "1.2.3.4");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "[2001:db8::1]:5555"}}), "2001:db8::1");
  EXPECT_EQ(by_x("192.0.2.1:80", {{"X-Forwarded-For", "1.2.3.4"}}), "the peer") << "not a proxy of ours";
  EXPECT_EQ(by_x("unix", {{"X-Forwarded-For", "1.2.3.4"}}), "the peer");
  EXPECT_EQ(by_x("10.0.0.1:80", {}), "the peer");
}

TEST(ClientAddress, WhatTheClientWroteItselfIsNotBelieved) {
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "6.6.6.6"}, {"X-Forwarded-For", "1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "6.6.6.6, 1.2.3.4, 10.0.0.2, 10.0.0.3"}}), "1.2.3.4")
      << "through several proxies of ours";
  EXPECT_EQ(by_x("10.0.0.1:80", {{"Forwarded", "for=6.6.6.6"}}), "the peer") << "not the field that our proxies write";
}

TEST(ClientAddress, OurOwnMachinesAreClientsToo) {
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "10.0.0.7"}}), "10.0.0.7");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "10.0.0.7, 10.0.0.2"}}), "10.0.0.7");
}

TEST(ClientAddress, NonsenseEndsTheList) {
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "unknown"}}), "the peer");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", "1.2.3.4, unknown, 10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", " , ,1.2.3.4,, "}}), "1.2.3.4");
  EXPECT_EQ(by_x("10.0.0.1:80", {{"X-Forwarded-For", ""}}), "the peer");
  Fields many;
  for (int i = 0; i < 100; ++i) many.emplace_back("X-Forwarded-For", i == 99 ? "1.2.3.4" : "6.6.6.6");
  EXPECT_EQ(by_x("10.0.0.1:80", many), "1.2.3.4");
}

TEST(ClientAddress, ReadsForwarded) {
  EXPECT_EQ(by_forwarded("for=1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(by_forwarded("proto=https;For=\"1.2.3.4:80\";by=10.0.0.1"), "1.2.3.4");
  EXPECT_EQ(by_forwarded("for=6.6.6.6, for=\"[2001:db8::1]:4711\";proto=https"), "2001:db8::1");
  EXPECT_EQ(by_forwarded("for=\"6.6.6.6, for=9.9.9.9\", for=1.2.3.4"), "1.2.3.4");
  EXPECT_EQ(by_forwarded("for=1.2.3.4, for=\"x\\\", for=6.6.6.6"), "the peer") << "a quote that never ends";
  EXPECT_EQ(by_forwarded("for=_hidden"), "the peer");
  EXPECT_EQ(by_forwarded("for=unknown"), "the peer");
  EXPECT_EQ(by_forwarded("proto=https"), "the peer");
  EXPECT_EQ(by_forwarded("for=1.2.3.4, proto=https"), "the peer");
}

TEST(ClientAddress, AProxyMayComeThroughAUnixSocket) {
  const ClientAddressOptions options{.trusts_unix_sockets = true};
  EXPECT_EQ(client_of(options, "unix", {{"X-Forwarded-For", "1.2.3.4"}}), "1.2.3.4");
  EXPECT_EQ(client_of(options, "10.0.0.1:80", {{"X-Forwarded-For", "1.2.3.4"}}), "the peer");
}

}  // namespace berth
