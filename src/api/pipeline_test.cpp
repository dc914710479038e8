#include "api/pipeline.h"

#include <gtest/gtest.h>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

TEST(Pipeline, AnswersTheBase) {
  ApiInMemory api;
  const ClientAnswer answer = api.client.get("/v2/");
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "{}");
  EXPECT_EQ(answer["Docker-Distribution-Api-Version"], "registry/2.0");
  EXPECT_EQ(answer["X-Request-Id"], "request-1");
  EXPECT_EQ(api.client.get("/").status, 200U);
  EXPECT_EQ(api.client.get("/")["Docker-Distribution-Api-Version"], "");
  EXPECT_EQ(api.client.get("/")["Cache-Control"], "no-cache");
}

TEST(Pipeline, RedirectsToTheRightSlash) {
  ApiInMemory api;
  EXPECT_EQ(api.client.get("/v2").status, 301U);
  EXPECT_EQ(api.client.get("/v2")["Location"], "/v2/");
  EXPECT_EQ(api.client.get("/v2/a/tags/list/?n=1")["Location"], "/v2/a/tags/list?n=1");
  EXPECT_EQ(api.client.post("/v2/a/blobs/uploads?mount=x").status, 308U);
  EXPECT_EQ(api.client.post("/v2/a/blobs/uploads?mount=x")["Location"], "/v2/a/blobs/uploads/?mount=x");
}

TEST(Pipeline, WhatNobodyServesIs404) {
  ApiInMemory api;
  const ClientAnswer answer = api.client.get("/v2/a");
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(answer["Docker-Distribution-Api-Version"], "registry/2.0");
}

TEST(Pipeline, AWrongMethodIs405WithAllow) {
  ApiInMemory api;
  EXPECT_EQ(api.client.post("/v2/a/manifests/v1").status, 405U);
  EXPECT_EQ(api.client.post("/v2/a/manifests/v1")["Allow"], "DELETE, GET, HEAD, PUT");
  EXPECT_EQ(api.client.send("BREW", "/v2/").status, 405U);
  EXPECT_EQ(api.client.get("/v2/a/blobs/uploads/")["Allow"], "POST");
  const ClientAnswer options = api.client.send("OPTIONS", "/v2/a/manifests/v1");
  EXPECT_EQ(options.status, 200U);
  EXPECT_EQ(options["Allow"], "DELETE, GET, HEAD, PUT");
}

TEST(Pipeline, AMalformedNameIs400) {
  ApiInMemory api;
  for (const std::string& name : {std::string("A"), std::string("a__"), std::string(256, 'a')}) {
    const ClientAnswer answer = api.client.get("/v2/" + name + "/tags/list");
    EXPECT_EQ(answer.status, 400U) << name;
    EXPECT_NE(answer.body.find("NAME_INVALID"), std::string::npos);
    EXPECT_EQ(answer["Content-Type"], "application/json");
    EXPECT_TRUE(answer.body.ends_with("}]}\n"));
  }
}

TEST(Pipeline, ReadOnlyRefusesEveryWrite) {
  RegistryPolicy policy = policy_with_deletes();
  policy.is_read_only = true;
  ApiInMemory api(policy);
  for (const auto& [method, target] :
       std::initializer_list<std::pair<const char*, const char*>>{{"POST", "/v2/a/blobs/uploads/"},
                                                                  {"PATCH", "/v2/a/blobs/uploads/x"},
                                                                  {"PUT", "/v2/a/blobs/uploads/x"},
                                                                  {"PUT", "/v2/a/manifests/x"},
                                                                  {"DELETE", "/v2/a/manifests/x"},
                                                                  {"DELETE", "/v2/a/blobs/x"}}) {
    const ClientAnswer answer = api.client.send(method, target);
    EXPECT_EQ(answer.status, 405U) << method << target;
    EXPECT_NE(answer.body.find("UNSUPPORTED"), std::string::npos);
    EXPECT_NE(answer.body.find("storage.maintenance.readonly.enabled"), std::string::npos);
    EXPECT_EQ(answer["Allow"], "GET, HEAD");
  }
  EXPECT_EQ(api.client.get("/v2/").status, 200U);
  EXPECT_EQ(api.client.get("/v2/a/manifests/x").status, 404U);
}

TEST(Pipeline, AddsTheOperatorsFieldsToRoutesOnly) {
  ApiOptions options;
  options.headers = {{"X-Content-Type-Options", {"nosniff"}}};
  ApiInMemory api({}, options);
  EXPECT_EQ(api.client.get("/v2/")["X-Content-Type-Options"], "nosniff");
  EXPECT_EQ(api.client.get("/nothing")["X-Content-Type-Options"], "");
}

TEST(Pipeline, AFailingHealthCheckShowsAtTheRootsAndProbesOnly) {
  ApiInMemory api;
  EXPECT_EQ(api.client.get("/readyz").status, 200U);
  EXPECT_EQ(api.client.get("/readyz").body, "{}");
  api.health.report("storagedriver_filesystem", "the volume \"data\" is gone");
  EXPECT_EQ(api.client.get("/").status, 503U);
  EXPECT_EQ(api.client.get("/v2/").status, 503U);
  EXPECT_NE(api.client.get("/v2/").body.find("UNAVAILABLE"), std::string::npos);
  EXPECT_EQ(api.client.get("/readyz").status, 503U);
  EXPECT_EQ(api.client.get("/readyz").body, R"({"storagedriver_filesystem":"the volume \"data\" is gone"})");
  EXPECT_EQ(api.client.get("/livez").status, 200U);
  EXPECT_EQ(api.client.get("/v2/_catalog").status, 200U);
}

TEST(Pipeline, AFailureIsAnErrorOfItsKind) {
  ApiInMemory api;
  const Digest digest = api.world.push("a", "layer");
  const auto answer_with = [&](FailureKind kind) {
    api.world.blobs.faults().fail_next(StorageCall::open_blob, kind);
    return api.client.get("/v2/a/blobs/" + digest.to_string());
  };
  EXPECT_EQ(answer_with(FailureKind::storage).status, 500U);
  EXPECT_EQ(answer_with(FailureKind::storage_full).status, 507U);
  const ClientAnswer overloaded = answer_with(FailureKind::overloaded);
  EXPECT_EQ(overloaded.status, 503U);
  EXPECT_EQ(overloaded["Retry-After"], "1");
  EXPECT_EQ(overloaded["Docker-Distribution-Api-Version"], "registry/2.0");
  EXPECT_EQ(answer_with(FailureKind::metadata).status, 503U);
  EXPECT_EQ(answer_with(FailureKind::internal).body,
            "{\"errors\":[{\"code\":\"UNKNOWN\",\"message\":\"unknown error\"}]}\n");
}

TEST(Pipeline, CountsRequestsUnderDistributionsNames) {
  ApiInMemory api;
  api.client.get("/v2/");
  api.client.get("/v2/");
  api.client.get("/v2/a/manifests/v1");
  const std::string text = api.metrics.render();
  EXPECT_NE(text.find(R"(registry_http_requests_total{code="200",handler="base",method="get"} 2)"), std::string::npos)
      << text;
  EXPECT_NE(text.find(R"(registry_http_requests_total{code="404",handler="manifest",method="get"} 1)"),
            std::string::npos);
  EXPECT_NE(text.find(R"(registry_http_in_flight_requests{handler="manifest"} 0)"), std::string::npos);
}

TEST(DebugApi, ShowsHealthAndMetrics) {
  Health health;
  Metrics metrics;
  metrics.counter("berth_test_total", "A test.").add(3);
  DebugApi debug(health, metrics, {.metrics_path = "/metrics"});
  ApiClient client(debug.handler());
  EXPECT_EQ(client.get("/debug/health").body, "{}");
  EXPECT_NE(client.get("/metrics").body.find("berth_test_total 3"), std::string::npos);
  EXPECT_EQ(client.get("/livez").status, 200U);
  EXPECT_EQ(client.get("/v2/").status, 404U);
  EXPECT_EQ(client.post("/metrics").status, 405U);
  health.report("file", "exists");
  EXPECT_EQ(client.get("/debug/health").status, 503U);
  DebugApi without(health, metrics, {});
  EXPECT_EQ(ApiClient(without.handler()).get("/metrics").status, 404U);
}

}  // namespace
}  // namespace berth
