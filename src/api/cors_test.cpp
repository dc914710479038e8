#include "api/cors.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

http::Request from(std::string_view origin, std::string_view wanted_method = {}) {
  http::Request request;
  if (!origin.empty()) request.headers.add("Origin", std::string(origin));
  if (!wanted_method.empty()) request.headers.add("Access-Control-Request-Method", std::string(wanted_method));
  return request;
}

std::string field(const http::Response& response, std::string_view name) {
  return std::string(response.headers.find(name).value_or("none"));
}

std::string origin_told(const CorsOptions& options, std::string_view origin) {
  http::Response response;
  Cors(options).add_fields(from(origin), response);
  return field(response, "Access-Control-Allow-Origin");
}

}  // namespace

TEST(CorsFields, AreOffUnlessAnOriginIsNamed) {
  EXPECT_FALSE(Cors({}).is_on());
  EXPECT_EQ(origin_told({}, "https://ui.example.com"), "none");
  http::Response response;
  Cors({}).add_vary(response);
  EXPECT_EQ(field(response, "Vary"), "none");
}

TEST(CorsFields, NameTheOriginThatMay) {
  const CorsOptions options{.origins = {"https://ui.example.com", "http://localhost:3000"}};
  EXPECT_EQ(origin_told(options, "https://ui.example.com"), "https://ui.example.com");
  EXPECT_EQ(origin_told(options, "http://localhost:3000"), "http://localhost:3000");
  EXPECT_EQ(origin_told(options, "https://evil.example.com"), "none");
  EXPECT_EQ(origin_told(options, "https://ui.example.com.evil"), "none");
  EXPECT_EQ(origin_told(options, "null"), "none");
  EXPECT_EQ(origin_told(options, ""), "none");
  http::Response response;
  Cors(options).add_vary(response);
  EXPECT_EQ(field(response, "Vary"), "Origin");
}

TEST(CorsFields, AnyOriginNeverHasCredentials) {
  const CorsOptions options{.origins = {"*"}, .allows_credentials = true};
  http::Response response;
  Cors(options).add_fields(from("https://anywhere"), response);
  EXPECT_EQ(field(response, "Access-Control-Allow-Origin"), "*");
  EXPECT_EQ(field(response, "Access-Control-Allow-Credentials"), "none");
}

TEST(CorsFields, CredentialsAreASetting) {
  CorsOptions options{.origins = {"https://ui.example.com"}};
  http::Response without;
  Cors(options).add_fields(from("https://ui.example.com"), without);
  EXPECT_EQ(field(without, "Access-Control-Allow-Credentials"), "none");
  options.allows_credentials = true;
  http::Response with;
  Cors(options).add_fields(from("https://ui.example.com"), with);
  EXPECT_EQ(field(with, "Access-Control-Allow-Credentials"), "true");
  EXPECT_NE(field(with, "Access-Control-Expose-Headers").find("Docker-Content-Digest"), std::string::npos);
}

TEST(CorsFields, APreflightIsToldWhatThePathTakes) {
  const Cors cors({.origins = {"https://ui.example.com"}});
  http::Response response;
  cors.add_preflight_fields(from("https://ui.example.com", "PUT"), "GET, HEAD, PUT", response);
  EXPECT_EQ(field(response, "Access-Control-Allow-Methods"), "GET, HEAD, PUT");
  EXPECT_NE(field(response, "Access-Control-Allow-Headers").find("Authorization"), std::string::npos);
  EXPECT_EQ(field(response, "Access-Control-Max-Age"), "600");
  http::Response plain;
  cors.add_preflight_fields(from("https://ui.example.com"), "GET", plain);
  EXPECT_EQ(field(plain, "Access-Control-Allow-Methods"), "none") << "OPTIONS that is no preflight";
}

}  // namespace berth
