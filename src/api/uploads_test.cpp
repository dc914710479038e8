#include <gtest/gtest.h>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

class Uploads : public testing::Test {
 protected:
  std::string start(const std::string& query = "") {
    const ClientAnswer answer = client_.post("/v2/a/blobs/uploads/" + query);
    EXPECT_EQ(answer.status, 202U);
    return target_of(answer["Location"]);
  }
  static std::string closing(const std::string& location, const Digest& digest) {
    return location + "&digest=" + digest.to_string();
  }
  std::string blob(const Digest& digest) { return "/v2/a/blobs/" + digest.to_string(); }

  ApiInMemory api_;
  ApiClient& client_ = api_.client;
};

TEST_F(Uploads, StartWithTheFieldsThatDockerNeeds) {
  const ClientAnswer answer = client_.post("/v2/a/blobs/uploads/");
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer["Range"], "0-0");
  EXPECT_EQ(answer["Docker-Upload-UUID"].size(), 36U);
  EXPECT_TRUE(answer["Location"].starts_with("http://registry.test:5000/v2/a/blobs/uploads/" +
                                             answer["Docker-Upload-UUID"] + "?"))
      << answer["Location"];
  EXPECT_EQ(answer.body, "");
}

TEST_F(Uploads, PostThenPut) {
  const ClientAnswer answer = client_.put(closing(start(), sha256_of("layer")), {.body = "layer"});
  EXPECT_EQ(answer.status, 201U);
  EXPECT_EQ(answer["Location"], "http://registry.test:5000" + blob(sha256_of("layer")));
  EXPECT_EQ(answer["Docker-Content-Digest"], sha256_of("layer").to_string());
  EXPECT_EQ(client_.get(blob(sha256_of("layer"))).body, "layer");
}

TEST_F(Uploads, BytesAreStoredAsSentWhateverTheirTypeIs) {
  for (const char* type : {"application/x-www-form-urlencoded", "application/octet-stream", "text/plain"}) {
    const std::string body = std::string("a=1&b=%20 ") + type;
    const ClientAnswer answer =
        client_.put(closing(start(), sha256_of(body)), {.body = body, .headers = {{"Content-Type", type}}});
    EXPECT_EQ(answer.status, 201U) << type;
    EXPECT_EQ(client_.get(blob(sha256_of(body))).body, body);
  }
}

TEST_F(Uploads, InChunks) {
  std::string location = start();
  ClientAnswer answer = client_.patch(location, {.body = "lay", .headers = {{"Content-Range", "0-2"}}});
  EXPECT_EQ(answer.status, 202U);
  EXPECT_EQ(answer["Range"], "0-2");
  EXPECT_FALSE(answer["Docker-Upload-UUID"].empty());
  location = target_of(answer["Location"]);
  const ClientAnswer status = client_.get(location);
  EXPECT_EQ(status.status, 204U);
  EXPECT_EQ(status["Range"], "0-2");
  EXPECT_EQ(status["Docker-Upload-UUID"], answer["Docker-Upload-UUID"]);
  EXPECT_EQ(client_.head(location).status, 204U);
  answer = client_.put(closing(location, sha256_of("layer")), {.body = "er", .headers = {{"Content-Range", "3-4"}}});
  EXPECT_EQ(answer.status, 201U);
  EXPECT_EQ(client_.get(location).status, 404U);
  EXPECT_NE(client_.get(location).body.find("BLOB_UPLOAD_UNKNOWN"), std::string::npos);
}

TEST_F(Uploads, StreamedAsDockerDoes) {
  const std::string location = start();
  EXPECT_EQ(client_.patch(location, {.body = "layer", .is_chunked = true}).status, 202U);
  EXPECT_EQ(client_.put(closing(location, sha256_of("layer"))).status, 201U);
}

TEST_F(Uploads, AChunkOutOfOrderIs416WithTheWayOn) {
  const std::string location = start();
  client_.patch(location, {.body = "lay"});
  for (const char* method : {"PATCH", "PUT"}) {
    for (const char* range : {"4-5", "0-1", "2-1", "x", "5"}) {
      const std::string target = std::string(method) == "PUT" ? closing(location, sha256_of("layer")) : location;
      const ClientAnswer answer = client_.send(method, target, {.body = "er", .headers = {{"Content-Range", range}}});
      EXPECT_EQ(answer.status, 416U) << method << " " << range;
      EXPECT_EQ(answer["Range"], "0-2");
      EXPECT_EQ(target_of(answer["Location"]), location.substr(0, location.find('?')) + "?_state=3");
      EXPECT_EQ(answer.body_bytes_read, 0U);
    }
  }
  EXPECT_EQ(
      client_.put(closing(location, sha256_of("layer")), {.body = "er", .headers = {{"Content-Range", "3-4"}}}).status,
      201U);
}

TEST_F(Uploads, ARangeAndALengthThatDifferAre400) {
  const std::string location = start();
  const ClientAnswer answer = client_.patch(location, {.body = "layer", .headers = {{"Content-Range", "0-9"}}});
  EXPECT_EQ(answer.status, 400U);
  EXPECT_NE(answer.body.find("SIZE_INVALID"), std::string::npos);
  const ClientAnswer streamed =
      client_.patch(location, {.body = "layer", .headers = {{"Content-Range", "0-9"}}, .is_chunked = true});
  EXPECT_EQ(streamed.status, 400U);
  EXPECT_EQ(client_.get(location)["Range"], "0-0");
}

TEST_F(Uploads, ASecondWriterIs416) {
  const std::string location = start();
  const ClientAnswer status = client_.get(location);
  const auto other = api_.world.upload_locks.try_acquire(status["Docker-Upload-UUID"]);
  const ClientAnswer answer = client_.patch(location, {.body = "layer"});
  EXPECT_EQ(answer.status, 416U);
  EXPECT_EQ(answer["Range"], "0-0");
}

TEST_F(Uploads, AClosingRequestNeedsADigest) {
  const std::string location = start();
  for (const char* query : {"", "&digest=", "&digest=sha256:abc", "&digest=md5:d41d8cd98f00b204e9800998ecf8427e"}) {
    const ClientAnswer answer = client_.put(location + query, {.body = "layer"});
    EXPECT_EQ(answer.status, 400U) << query;
    EXPECT_NE(answer.body.find("DIGEST_INVALID"), std::string::npos);
    EXPECT_EQ(answer.body_bytes_read, 0U);
  }
  EXPECT_EQ(client_.put(closing(location, sha256_of("other")), {.body = "layer"}).status, 400U);
  EXPECT_EQ(client_.put(closing(location, sha256_of("layer")), {.body = "layer"}).status, 201U) << "the upload stays";
}

TEST_F(Uploads, InASinglePost) {
  const ClientAnswer answer =
      client_.post("/v2/a/blobs/uploads/?digest=" + sha256_of("layer").to_string(), {.body = "layer"});
  EXPECT_EQ(answer.status, 201U);
  EXPECT_EQ(answer["Location"], "http://registry.test:5000" + blob(sha256_of("layer")));
  EXPECT_EQ(client_.get(blob(sha256_of("layer"))).body, "layer");
  EXPECT_EQ(client_.post("/v2/a/blobs/uploads/?digest=" + sha256_of("other").to_string(), {.body = "layer"}).status,
            400U);
  EXPECT_EQ(client_.post("/v2/a/blobs/uploads/?digest=x", {.body = "layer"}).status, 400U);
  EXPECT_EQ(client_.post("/v2/a/blobs/uploads/?digest=" + sha256_of("").to_string()).status, 201U);
}

TEST_F(Uploads, Sha512IsAnsweredInSha512) {
  const std::string location = start("?digest-algorithm=sha512");
  const ClientAnswer answer = client_.put(closing(location, sha512_of("layer")), {.body = "layer"});
  EXPECT_EQ(answer.status, 201U);
  EXPECT_EQ(answer["Docker-Content-Digest"], sha512_of("layer").to_string());
  EXPECT_EQ(client_.get(blob(sha512_of("layer")))["Docker-Content-Digest"], sha512_of("layer").to_string());
  EXPECT_EQ(client_.post("/v2/a/blobs/uploads/?digest-algorithm=md5").status, 400U);
}

TEST_F(Uploads, Mount) {
  const Digest digest = api_.world.push("source", "layer");
  const auto mount = [&](const std::string& query) { return client_.post("/v2/a/blobs/uploads/?" + query); };
  EXPECT_EQ(mount("mount=" + digest.to_string() + "&from=elsewhere").status, 202U);
  EXPECT_EQ(mount("mount=" + digest.to_string() + "&from=NOT_A_NAME").status, 202U);
  EXPECT_EQ(mount("mount=" + sha256_of("x").to_string() + "&from=source").status, 202U);
  EXPECT_EQ(mount("mount=x&from=source").status, 202U);
  EXPECT_EQ(client_.get(blob(digest)).status, 404U);
  const ClientAnswer mounted = mount("mount=" + digest.to_string() + "&from=source");
  EXPECT_EQ(mounted.status, 201U);
  EXPECT_EQ(mounted["Location"], "http://registry.test:5000" + blob(digest));
  EXPECT_EQ(mounted["Docker-Content-Digest"], digest.to_string());
  EXPECT_EQ(client_.get(blob(digest)).body, "layer");
  EXPECT_EQ(client_.post("/v2/b/blobs/uploads/?mount=" + digest.to_string()).status, 201U) << "from is optional";
}

TEST_F(Uploads, Cancel) {
  const std::string location = start();
  client_.patch(location, {.body = "layer"});
  const ClientAnswer answer = client_.remove(location);
  EXPECT_EQ(answer.status, 204U);
  EXPECT_FALSE(answer["Docker-Upload-UUID"].empty());
  EXPECT_EQ(client_.get(location).status, 404U);
  EXPECT_EQ(client_.remove(location).status, 404U);
  EXPECT_EQ(client_.remove("/v2/a/blobs/uploads/not%20an%20id").status, 404U);
}

TEST_F(Uploads, WhateverStateTheClientSendsIsIgnored) {
  std::string location = start();
  location = location.substr(0, location.find('?'));
  EXPECT_EQ(client_.patch(location + "?_state=old", {.body = "layer"}).status, 202U);
  EXPECT_EQ(client_.put(location + "?digest=" + sha256_of("layer").to_string() + "&_state=older").status, 201U);
}

TEST_F(Uploads, WithoutSpaceAre507) {
  RegistryPolicy policy;
  policy.reserved_bytes = [](std::uint64_t size) { return size; };
  ApiInMemory full(policy);
  const ClientAnswer answer = full.client.post("/v2/a/blobs/uploads/");
  EXPECT_EQ(answer.status, 507U);
  EXPECT_NE(answer.body.find("almost full"), std::string::npos);
}

}  // namespace
}  // namespace berth
