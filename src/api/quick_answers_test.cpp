// What the API answers at once is what it would answer the long way, and never what is no longer true.
#include <gtest/gtest.h>

#include <string>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

constexpr const char* kOci = "application/vnd.oci.image.manifest.v1+json";

class QuickAnswers : public testing::Test {
 protected:
  void put(const std::string& reference, const std::string& body) {
    ASSERT_EQ(client_.put("/v2/a/manifests/" + reference, {.body = body, .headers = {{"Content-Type", kOci}}}).status,
              201U);
  }
  /// Whether this request is answered at once.
  bool is_quick(const std::string& method, const std::string& target) {
    const std::size_t before = client_.quick_count();
    last_ = client_.send(method, target);
    return client_.quick_count() > before;
  }
  /// The second answer comes from memory and is the first one's equal, field by field.
  void expect_kept(const std::string& method, const std::string& target) {
    EXPECT_FALSE(is_quick(method, target)) << target;
    const ClientAnswer first = last_;
    EXPECT_EQ(first.status, 200U) << target;
    EXPECT_TRUE(is_quick(method, target)) << target;
    EXPECT_EQ(last_.status, first.status);
    EXPECT_EQ(last_.body, first.body);
    for (const auto& [name, value] : first.headers) EXPECT_EQ(last_[name], value) << target << " " << name;
    EXPECT_EQ(last_.headers.size(), first.headers.size()) << target;
    if (method == "HEAD") {
      EXPECT_GT(last_.head_length.value_or(0), 0U);
    }
  }

  ApiInMemory api_;
  ApiClient& client_ = api_.client;
  ClientAnswer last_;
  const std::string layer_ = "layer";
  const std::string image_ = api_.world.image("a", layer_);
  const std::string digest_ = sha256_of(image_).to_string();
  const std::string blob_ = "/v2/a/blobs/" + sha256_of(layer_).to_string();
};

TEST_F(QuickAnswers, AreWhatTheLongWayWouldSay) {
  put("v1", image_);
  put("v2", image_);
  expect_kept("GET", "/v2/");
  expect_kept("GET", "/v2/a/manifests/v1");
  expect_kept("HEAD", "/v2/a/manifests/v2");
  expect_kept("GET", "/v2/a/manifests/" + digest_);
  expect_kept("HEAD", blob_);
  expect_kept("GET", blob_);
  expect_kept("GET", "/v2/a/tags/list");
  expect_kept("GET", "/v2/a/tags/list?n=1");
  expect_kept("GET", "/v2/_catalog");
  expect_kept("GET", "/v2/_catalog?n=1");
}

TEST_F(QuickAnswers, AGetServesTheHeadsThatFollow) {
  put("v1", image_);
  EXPECT_FALSE(is_quick("GET", blob_));
  EXPECT_TRUE(is_quick("HEAD", blob_));
  EXPECT_EQ(last_.head_length, layer_.size());
  EXPECT_FALSE(is_quick("GET", "/v2/a/manifests/v1"));
  EXPECT_TRUE(is_quick("HEAD", "/v2/a/manifests/v1"));
}

TEST_F(QuickAnswers, AMovedTagIsSeenByTheNextRequest) {
  put("v1", image_);
  expect_kept("GET", "/v2/a/manifests/v1");
  const std::string other = api_.world.image("a", "other layer");
  put("v1", other);
  EXPECT_FALSE(is_quick("GET", "/v2/a/manifests/v1"));
  EXPECT_EQ(last_.body, other);
  EXPECT_TRUE(is_quick("GET", "/v2/a/manifests/v1"));
  EXPECT_EQ(last_.body, other);
}

TEST_F(QuickAnswers, WhatIsDeletedIsGone) {
  put("v1", image_);
  for (const std::string& target : {std::string("/v2/a/manifests/v1"), "/v2/a/manifests/" + digest_}) {
    client_.get(target);
    EXPECT_TRUE(is_quick("GET", target));
  }
  expect_kept("GET", "/v2/_catalog");
  expect_kept("GET", "/v2/a/tags/list");
  ASSERT_EQ(client_.remove("/v2/a/manifests/" + digest_).status, 202U);
  EXPECT_EQ(client_.get("/v2/a/manifests/v1").status, 404U);
  EXPECT_EQ(client_.head("/v2/a/manifests/" + digest_).status, 404U);
  EXPECT_EQ(client_.get("/v2/_catalog").body, "{\"repositories\":[]}\n");
  EXPECT_EQ(client_.get("/v2/a/tags/list").body, "{\"name\":\"a\",\"tags\":[]}\n");
  expect_kept("GET", blob_);
  ASSERT_EQ(client_.remove(blob_).status, 202U);
  EXPECT_EQ(client_.get(blob_).status, 404U);
  EXPECT_EQ(client_.head(blob_).status, 404U);
}

TEST_F(QuickAnswers, ANewTagAndANewRepositoryAreListed) {
  put("v1", image_);
  expect_kept("GET", "/v2/_catalog");
  expect_kept("GET", "/v2/a/tags/list");
  put("v2", image_);
  EXPECT_EQ(client_.get("/v2/a/tags/list").body, "{\"name\":\"a\",\"tags\":[\"v1\",\"v2\"]}\n");
  EXPECT_TRUE(is_quick("GET", "/v2/_catalog")) << "no repository came or went";
  const std::string image = api_.world.image("b", "layer");
  ASSERT_EQ(client_.put("/v2/b/manifests/v1", {.body = image}).status, 201U);
  EXPECT_EQ(client_.get("/v2/_catalog").body, "{\"repositories\":[\"a\",\"b\"]}\n");
}

TEST_F(QuickAnswers, AHeadPromisesOnlyWhileThePromiseIsFresh) {
  put("v1", image_);
  expect_kept("HEAD", blob_);
  expect_kept("HEAD", "/v2/a/manifests/v1");
  // A quarter of the promise may pass (data.md 5).
  api_.world.clock.advance(std::chrono::hours(5));
  EXPECT_TRUE(is_quick("HEAD", blob_));
  api_.world.clock.advance(std::chrono::hours(2));
  EXPECT_FALSE(is_quick("HEAD", blob_));
  EXPECT_FALSE(is_quick("HEAD", "/v2/a/manifests/v1"));
  EXPECT_TRUE(is_quick("HEAD", blob_)) << "the renewed promise is kept with the answer";
  EXPECT_TRUE(is_quick("HEAD", "/v2/a/manifests/v1"));
  const auto link = run_task(api_.world.metadata.find_blob(repository("a"), sha256_of(layer_)));
  EXPECT_EQ(link->promised_until, api_.world.clock.now() + std::chrono::hours(24));
}

TEST_F(QuickAnswers, AnUnhealthyServerSaysSoAtOnce) {
  expect_kept("GET", "/v2/");
  api_.health.report("storage", "gone");
  EXPECT_EQ(client_.get("/v2/").status, 503U);
  api_.health.report("storage", std::nullopt);
  EXPECT_TRUE(is_quick("GET", "/v2/"));
}

TEST_F(QuickAnswers, OldClientsGetTheListsChildAndOthersTheList) {
  const char* docker = "application/vnd.docker.distribution.manifest.v2+json";
  const char* docker_list = "application/vnd.docker.distribution.manifest.list.v2+json";
  const std::string config = api_.world.push("a", "c").to_string();
  const std::string child =
      std::string(R"({"schemaVersion":2,"mediaType":")") + docker +
      R"(","config":{"mediaType":"application/vnd.docker.container.image.v1+json","size":1,"digest":")" + config +
      R"("},"layers":[]})";
  const std::string child_digest = sha256_of(child).to_string();
  ASSERT_EQ(client_.put("/v2/a/manifests/" + child_digest, {.body = child}).status, 201U);
  const std::string list = std::string(R"({"schemaVersion":2,"mediaType":")") + docker_list +
                           R"(","manifests":[{"mediaType":")" + docker + R"(","size":)" + std::to_string(child.size()) +
                           R"(,"digest":")" + child_digest + R"(","platform":{"os":"linux","architecture":"amd64"}}]})";
  ASSERT_EQ(client_.put("/v2/a/manifests/multi", {.body = list}).status, 201U);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(client_.get("/v2/a/manifests/multi").body, list);
    EXPECT_EQ(client_.get("/v2/a/manifests/multi", {.headers = {{"Accept", docker}}}).body, child);
    EXPECT_EQ(client_.get("/v2/a/manifests/multi", {.headers = {{"Accept", docker}, {"Accept", docker_list}}}).body,
              list);
  }
  EXPECT_GT(client_.quick_count(), 3U);
}

TEST_F(QuickAnswers, TargetsWithAQueryOfTheirOwnAreNotKept) {
  put("v1", image_);
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_quick("GET", "/v2/a/manifests/v1?ns=docker.io"));
}

TEST_F(QuickAnswers, RefusalsAreNotKept) {
  for (int i = 0; i < 3; ++i) EXPECT_FALSE(is_quick("GET", "/v2/a/manifests/none"));
  EXPECT_EQ(last_.status, 404U);
  put("none", image_);
  EXPECT_EQ(client_.get("/v2/a/manifests/none").status, 200U);
}

TEST_F(QuickAnswers, WithoutACacheNothingIsKept) {
  ApiOptions options;
  options.answers.size_bytes = 0;
  ApiInMemory api(policy_with_deletes(), options);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(api.client.get("/v2/").status, 200U);
  EXPECT_EQ(api.client.quick_count(), 0U);
}

}  // namespace
}  // namespace berth
