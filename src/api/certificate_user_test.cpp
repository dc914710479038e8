#include "api/certificate_user.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(CertificateUserTest, IsTheNameThatWasChosen) {
  const http::PeerCertificate certificate{.common_name = "alice",
                                          .dns_names = {"host.example", "other.example"},
                                          .email_addresses = {"alice@example.com"},
                                          .uris = {"spiffe://example.com/alice"}};
  EXPECT_EQ(user_of(&certificate, CertificateUser::nobody), "");
  EXPECT_EQ(user_of(&certificate, CertificateUser::common_name), "alice");
  EXPECT_EQ(user_of(&certificate, CertificateUser::dns_name), "host.example");
  EXPECT_EQ(user_of(&certificate, CertificateUser::email_address), "alice@example.com");
  EXPECT_EQ(user_of(&certificate, CertificateUser::uri), "spiffe://example.com/alice");
}

TEST(CertificateUserTest, IsNobodyWithoutThatName) {
  const http::PeerCertificate certificate{.common_name = "alice"};
  EXPECT_EQ(user_of(&certificate, CertificateUser::dns_name), "");
  EXPECT_EQ(user_of(nullptr, CertificateUser::common_name), "");
}

}  // namespace
}  // namespace berth
