#include "api/routes.h"

#include <gtest/gtest.h>

#include "http/target.h"

namespace berth {
namespace {

std::optional<RouteMatch> match(const std::string& target, const std::string& prefix = "/") {
  return Routes(prefix).match(http::parse_target(target).value().path);
}

std::string pattern_of(const std::string& target, const std::string& prefix = "/") {
  const auto found = match(target, prefix);
  return found ? std::string(found->route->pattern) : "none";
}

TEST(Routes, FindNamesOfAnyDepth) {
  const auto found = match("/v2/a/b/c/manifests/v1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->name, "a/b/c");
  EXPECT_EQ(found->parameter, "v1");
  EXPECT_EQ(found->route->label, "manifest");
  EXPECT_FALSE(found->needs_redirect);
}

TEST(Routes, TakeTheEndOfThePathForTheKind) {
  EXPECT_EQ(match("/v2/manifests/blobs/tags/list")->name, "manifests/blobs");
  EXPECT_EQ(match("/v2/a/blobs/uploads/blobs/uploads/")->name, "a/blobs/uploads");
  EXPECT_EQ(match("/v2/a/blobs/uploads/x")->route->label, "blob_upload_chunk");
  EXPECT_EQ(match("/v2/a/blobs/uploads/")->route->label, "blob_upload");
  EXPECT_EQ(match("/v2/a/blobs/x")->route->label, "blob");
  EXPECT_EQ(match("/v2/_catalog")->route->label, "catalog");
}

TEST(Routes, SendToThePathWithTheRightSlash) {
  EXPECT_TRUE(match("/v2")->needs_redirect);
  EXPECT_FALSE(match("/v2/")->needs_redirect);
  EXPECT_TRUE(match("/v2/a/tags/list/")->needs_redirect);
  EXPECT_TRUE(match("/v2/a/blobs/uploads")->needs_redirect);
  EXPECT_FALSE(match("/")->needs_redirect);
}

TEST(Routes, KnowNothingElse) {
  for (const char* target : {"/v1/", "/v2/a", "/v2/a/tags", "/v2/tags/list", "/v2/manifests/x", "/x", "/v2/a/b/c/d"}) {
    EXPECT_EQ(pattern_of(target), "none") << target;
  }
}

TEST(Routes, StandBelowThePrefixButForProbes) {
  EXPECT_EQ(pattern_of("/registry/v2/", "/registry/"), "/v2/");
  EXPECT_EQ(pattern_of("/v2/", "/registry/"), "none");
  EXPECT_EQ(pattern_of("/", "/registry/"), "/");
  EXPECT_EQ(pattern_of("/livez", "/registry/"), "/livez");
  EXPECT_EQ(pattern_of("/registry/livez", "/registry/"), "none");
}

TEST(Routes, ListTheirMethodsInOrder) {
  EXPECT_EQ(match("/v2/a/manifests/x")->route->allow(), "DELETE, GET, HEAD, PUT");
  EXPECT_EQ(match("/v2/a/manifests/x")->route->allow(http::Method::del), "GET, HEAD, PUT");
  EXPECT_EQ(match("/v2/a/blobs/uploads/x")->route->allow(), "DELETE, GET, HEAD, PATCH, PUT");
}

}  // namespace
}  // namespace berth
