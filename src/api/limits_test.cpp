// Rate limits, forwarded addresses and CORS over the whole pipeline, answers that are ready included.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cluster/local/local_budgets.h"
#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

class Limits : public testing::Test {
 protected:
  ApiInMemory& api() {
    if (!api_) {
      api_ = std::make_unique<ApiInMemory>(policy_with_deletes(), options_, std::vector<Authenticator*>{},
                                           ApiExtras{.budgets = &budgets_});
      image_ = api_->world.image("team/app", "layer");
      api_->world.image("other/app", "layer");
      EXPECT_EQ(put("team/app", "v1").status, 201U);
      EXPECT_EQ(put("other/app", "v1").status, 201U);
    }
    return *api_;
  }
  ClientAnswer put(const std::string& repository, const std::string& tag) {
    return api_->client.put("/v2/" + repository + "/manifests/" + tag, {.body = image_});
  }
  ClientAnswer pull(const std::string& repository = "team/app") {
    return api().client.get("/v2/" + repository + "/manifests/v1");
  }

  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  LocalBudgets budgets_{1000, clock_, entropy_, metrics_};
  ApiOptions options_;
  std::string image_;
  std::unique_ptr<ApiInMemory> api_;
};

}  // namespace

TEST_F(Limits, PullsAreToldAndRefused) {
  options_.rate_limits.anonymous.pulls = {.units = 3, .window = std::chrono::hours(6)};
  const ClientAnswer look = api().client.head("/v2/team/app/manifests/v1");
  EXPECT_EQ(look.status, 200U);
  EXPECT_EQ(look["ratelimit-limit"], "3;w=21600");
  EXPECT_EQ(look["ratelimit-remaining"], "3;w=21600");
  EXPECT_EQ(look["docker-ratelimit-source"], "unix") << "the test's client has no address";
  for (const char* left : {"2;w=21600", "1;w=21600", "0;w=21600"}) EXPECT_EQ(pull()["ratelimit-remaining"], left);
  const ClientAnswer refused = pull();
  EXPECT_EQ(refused.status, 429U);
  EXPECT_THAT(refused.body, HasSubstr("TOOMANYREQUESTS"));
  EXPECT_GT(std::stoi(refused["Retry-After"]), 0);
  EXPECT_EQ(refused["ratelimit-remaining"], "0;w=21600");
  EXPECT_EQ(api().client.head("/v2/team/app/manifests/v1").status, 200U) << "HEAD does not count";
  EXPECT_EQ(api().client.get("/v2/team/app/tags/list").status, 200U);
  EXPECT_EQ(api().client.get("/v2/team/app/manifests/none").status, 429U);
}

TEST_F(Limits, AnIndexAndWhatIsNotThereAreNoPulls) {
  options_.rate_limits.anonymous.pulls = {.units = 3, .window = std::chrono::hours(6)};
  api();
  const std::string index =
      R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})";
  ASSERT_EQ(api()
                .client
                .put("/v2/team/app/manifests/all",
                     {.body = index, .headers = {{"Content-Type", "application/vnd.oci.image.index.v1+json"}}})
                .status,
            201U);
  EXPECT_EQ(api().client.get("/v2/team/app/manifests/all")["ratelimit-remaining"], "3;w=21600");
  EXPECT_EQ(api().client.get("/v2/team/app/manifests/none")["ratelimit-remaining"], "3;w=21600");
  const ClientAnswer first = pull();
  EXPECT_EQ(first["ratelimit-remaining"], "2;w=21600");
  const std::string tag = first["ETag"];
  const ClientAnswer same =
      api().client.get("/v2/team/app/manifests/v1", {.headers = {{"If-None-Match", tag.c_str()}}});
  EXPECT_EQ(same.status, 304U);
  EXPECT_EQ(same["ratelimit-remaining"], "2;w=21600");
}

TEST_F(Limits, WhatIsKeptSaysNothingOfAnybodysBudget) {
  options_.rate_limits.name_space.pulls = {.units = 3, .window = std::chrono::hours(6)};
  options_.rate_limits.anonymous.requests = {.units = 1000, .window = 60s};
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pull("team/app").status, 200U);
  EXPECT_EQ(pull("team/app").status, 429U);
  EXPECT_EQ(api().client.quick_count(), 0U) << "an answer that tells what is left is made anew";
  for (int i = 0; i < 3; ++i) EXPECT_EQ(pull("other/app")["ratelimit-remaining"], std::to_string(2 - i) + ";w=21600");
}

TEST_F(Limits, AnswersThatAreReadyAreHeldToRequestsAndBytes) {
  options_.rate_limits.anonymous.requests = {.units = 10, .window = 60s};
  api();  // its pushes are requests, too
  clock_.advance(120s);
  unsigned served = 0;
  for (int i = 0; i < 20; ++i) served += pull().status == 200U ? 1U : 0U;
  EXPECT_EQ(served, 10U);
  EXPECT_GE(api().client.quick_count(), 8U);
  const ClientAnswer refused = pull();
  EXPECT_EQ(refused.status, 429U);
  EXPECT_EQ(refused["RateLimit-Policy"], "\"requests\";q=10;w=60");
  EXPECT_THAT(refused["RateLimit"], HasSubstr("\"requests\";r=0;t="));
  clock_.advance(std::chrono::seconds(std::stoi(refused["Retry-After"])));
  EXPECT_EQ(pull().status, 200U);
}

TEST_F(Limits, BytesOfAnswersCount) {
  options_.rate_limits.anonymous.bytes = {.units = 1000, .window = 60s};
  api();
  unsigned served = 0;
  std::size_t bytes = 0;
  for (int i = 0; i < 50; ++i) {
    const ClientAnswer answer = pull();
    if (answer.status != 200U) break;
    ++served;
    bytes += answer.body.size();
  }
  EXPECT_GE(bytes, 1000U);
  EXPECT_LT(bytes, 1000U + 2 * image_.size());
  EXPECT_EQ(pull()["RateLimit-Policy"], "\"bytes\";q=1000;w=60");
  EXPECT_GT(served, 1U);
}

TEST_F(Limits, ProbesAreNobodys) {
  options_.rate_limits.anonymous.requests = {.units = 5, .window = 60s};
  api();
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(api().client.get("/livez").status, 200U);
    EXPECT_EQ(api().client.get("/").status, 200U);
  }
}

TEST_F(Limits, PagesOfOtherOriginsAreToldWhatTheyMay) {
  options_.cors.origins = {"https://ui.example.com"};
  api();
  const ClientAnswer plain = pull();
  EXPECT_EQ(plain["Access-Control-Allow-Origin"], "");
  EXPECT_EQ(plain["Vary"], "Origin");
  for (int i = 0; i < 2; ++i) {
    const ClientAnswer page =
        api().client.get("/v2/team/app/manifests/v1", {.headers = {{"Origin", "https://ui.example.com"}}});
    EXPECT_EQ(page["Access-Control-Allow-Origin"], "https://ui.example.com");
    EXPECT_EQ(pull()["Access-Control-Allow-Origin"], "") << "what is kept was made for no page";
  }
  EXPECT_GT(api().client.quick_count(), 0U);
  const ClientAnswer preflight =
      api().client.send("OPTIONS", "/v2/team/app/manifests/v1",
                        {.headers = {{"Origin", "https://ui.example.com"}, {"Access-Control-Request-Method", "PUT"}}});
  EXPECT_EQ(preflight.status, 200U);
  EXPECT_EQ(preflight["Access-Control-Allow-Methods"], "DELETE, GET, HEAD, PUT");
  EXPECT_EQ(preflight["Access-Control-Allow-Origin"], "https://ui.example.com");
}

}  // namespace berth
