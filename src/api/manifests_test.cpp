#include <gtest/gtest.h>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

constexpr const char* kOci = "application/vnd.oci.image.manifest.v1+json";

class Manifests : public testing::Test {
 protected:
  ClientAnswer put(const std::string& reference, const std::string& body) {
    return client_.put("/v2/a/manifests/" + reference, {.body = body, .headers = {{"Content-Type", kOci}}});
  }

  ApiInMemory api_;
  ApiClient& client_ = api_.client;
  const std::string image_ = api_.world.image("a", "layer");
  const std::string digest_ = sha256_of(image_).to_string();
  const std::string etag_ = "\"" + digest_ + "\"";
};

TEST_F(Manifests, PutGetHead) {
  const ClientAnswer created = put("v1", image_);
  EXPECT_EQ(created.status, 201U);
  EXPECT_EQ(created["Location"], "http://registry.test:5000/v2/a/manifests/" + digest_);
  EXPECT_EQ(created["Docker-Content-Digest"], digest_);
  EXPECT_EQ(created["OCI-Subject"], "");
  for (const std::string& reference : {std::string("v1"), digest_}) {
    const ClientAnswer got = client_.get("/v2/a/manifests/" + reference);
    EXPECT_EQ(got.status, 200U);
    EXPECT_EQ(got.body, image_);
    EXPECT_EQ(got["Content-Type"], kOci);
    EXPECT_EQ(got["Docker-Content-Digest"], digest_);
    EXPECT_EQ(got["ETag"], etag_);
    EXPECT_EQ(got["Cache-Control"], reference == "v1" ? "" : "max-age=31536000, immutable");
    EXPECT_EQ(client_.head("/v2/a/manifests/" + reference)["ETag"], etag_);
  }
}

TEST_F(Manifests, TheStoredTypeComesWhateverAcceptSays) {
  put("v1", image_);
  for (const char* accept : {"text/html", "application/vnd.docker.distribution.manifest.v2+json", "*/*", ""}) {
    const ClientAnswer got = client_.get("/v2/a/manifests/v1", {.headers = {{"Accept", accept}}});
    EXPECT_EQ(got.status, 200U) << accept;
    EXPECT_EQ(got["Content-Type"], kOci);
  }
}

TEST_F(Manifests, AListGivesItsLinuxChildToAClientWithoutLists) {
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
  const auto type_for = [&](const std::string& reference, std::vector<std::pair<std::string, std::string>> accept) {
    return client_.get("/v2/a/manifests/" + reference, {.headers = accept})["Content-Type"];
  };
  EXPECT_EQ(type_for("multi", {{"Accept", docker}}), docker);
  EXPECT_EQ(type_for("multi", {{"Accept", "text/html, application/vnd.docker.distribution.manifest.v2+json;q=0.5"}}),
            docker);
  EXPECT_EQ(type_for("multi", {{"Accept", docker}, {"Accept", docker_list}}), docker_list);
  EXPECT_EQ(type_for("multi", {{"Accept", "*/*"}}), docker_list);
  EXPECT_EQ(type_for("multi", {}), docker_list);
  EXPECT_EQ(type_for(sha256_of(list).to_string(), {{"Accept", docker}}), docker_list);
  EXPECT_EQ(client_.head("/v2/a/manifests/multi", {.headers = {{"Accept", docker}}})["Docker-Content-Digest"],
            child_digest);
}

TEST_F(Manifests, UnknownIs404) {
  EXPECT_EQ(client_.get("/v2/a/manifests/v1").body,
            "{\"errors\":[{\"code\":\"MANIFEST_UNKNOWN\",\"message\":\"manifest unknown\",\"detail\":\"unknown "
            "tag=v1\"}]}\n");
  EXPECT_EQ(client_.get("/v2/nobody/manifests/v1").status, 404U);
  EXPECT_EQ(client_.head("/v2/a/manifests/" + digest_).status, 404U);
  EXPECT_EQ(client_.get("/v2/a/manifests/.not-a-tag").status, 404U);
  EXPECT_EQ(client_.get("/v2/a/manifests/sha256:bad").status, 400U);
  EXPECT_EQ(put(".not-a-tag", image_).status, 400U);
  EXPECT_EQ(put("sha256:baddigeststring", image_).status, 400U);
  EXPECT_EQ(put(sha256_of("x").to_string(), image_).status, 400U);
}

TEST_F(Manifests, RefusalsNameTheFieldAndEachMissingDigest) {
  const ClientAnswer missing = put("v1", RegistryInMemory::image_of(sha256_of("c"), 1, sha256_of("l"), 1));
  EXPECT_EQ(missing.status, 400U);
  EXPECT_EQ(missing.body,
            "{\"errors\":[{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob unknown to registry: config, "
            "layers[0]\",\"detail\":\"" +
                sha256_of("c").to_string() +
                "\"},{\"code\":\"MANIFEST_BLOB_UNKNOWN\",\"message\":\"blob unknown to registry: config, "
                "layers[0]\",\"detail\":\"" +
                sha256_of("l").to_string() + "\"}]}\n");
  const ClientAnswer invalid = put("v1", "{}");
  EXPECT_EQ(invalid.status, 400U);
  EXPECT_NE(invalid.body.find("manifest invalid: schemaVersion"), std::string::npos) << invalid.body;
}

TEST_F(Manifests, TooLargeIs413BeforeItIsRead) {
  const std::string large(4 * 1024 * 1024 + 1, ' ');
  const ClientAnswer announced = put("v1", large);
  EXPECT_EQ(announced.status, 413U);
  EXPECT_EQ(announced.body_bytes_read, 0U);
  EXPECT_EQ(client_.put("/v2/a/manifests/v1", {.body = large, .is_chunked = true}).status, 413U);
  const std::string padded = image_ + std::string(4 * 1024 * 1024 - image_.size(), ' ');
  EXPECT_EQ(put("v1", padded).status, 201U);
}

TEST_F(Manifests, TagsInTheQuery) {
  const ClientAnswer answer = put(digest_ + "?tag=1&tag=1.2&tag=latest", image_);
  EXPECT_EQ(answer.status, 201U);
  const auto tags = answer.headers.find_all("OCI-Tag");
  EXPECT_EQ((std::vector<std::string>(tags.begin(), tags.end())), (std::vector<std::string>{"1", "1.2", "latest"}));
  EXPECT_EQ(client_.get("/v2/a/manifests/1.2").body, image_);
  EXPECT_EQ(put(digest_ + "?tag=.x", image_).status, 400U);
  std::string many = "?tag=t0";
  for (int i = 1; i <= 100; ++i) many += "&tag=t" + std::to_string(i);
  const ClientAnswer refused = put(digest_ + many, image_);
  EXPECT_EQ(refused.status, 414U);
  EXPECT_EQ(refused.body_bytes_read, 0U);
}

TEST_F(Manifests, ASubjectIsAnswered) {
  const std::string subject = std::string(R"(,"subject":{"mediaType":")") + kOci + R"(","size":3,"digest":")" +
                              sha256_of("s").to_string() + "\"}";
  const std::string referrer =
      RegistryInMemory::image_of(api_.world.push("a", "c"), 1, api_.world.push("a", "l"), 1, subject);
  EXPECT_EQ(put("r", referrer)["OCI-Subject"], sha256_of("s").to_string());
}

TEST_F(Manifests, NotModifiedOnlyIfItExists) {
  EXPECT_EQ(client_.get("/v2/a/manifests/" + digest_, {.headers = {{"If-None-Match", etag_.c_str()}}}).status, 404U);
  put("v1", image_);
  const ClientAnswer same = client_.get("/v2/a/manifests/v1", {.headers = {{"If-None-Match", etag_.c_str()}}});
  EXPECT_EQ(same.status, 304U);
  EXPECT_EQ(same["ETag"], etag_);
  EXPECT_EQ(same["Docker-Content-Digest"], digest_);
}

TEST_F(Manifests, PreconditionsOfAPut) {
  const std::string other = api_.world.image("a", "other");
  const auto put_if = [&](const std::string& body, const char* field, const std::string& value) {
    return client_
        .put("/v2/a/manifests/v1", {.body = body, .headers = {{"Content-Type", kOci}, {field, value.c_str()}}})
        .status;
  };
  EXPECT_EQ(put_if(image_, "If-Match", "*"), 412U);
  EXPECT_EQ(put_if(image_, "If-None-Match", "*"), 201U);
  EXPECT_EQ(put_if(other, "If-None-Match", "*"), 412U);
  EXPECT_EQ(put_if(other, "If-Match", "\"nonsense\""), 412U);
  EXPECT_EQ(put_if(other, "If-Match", "W/" + etag_), 412U) << "If-Match compares strongly";
  EXPECT_EQ(put_if(other, "If-Match", "\"nonsense\", " + etag_), 201U);
  EXPECT_EQ(client_.get("/v2/a/manifests/v1").body, other);
}

TEST_F(Manifests, PreconditionsOfADelete) {
  put("v1", image_);
  const std::string other = "\"" + sha256_of("x").to_string() + "\"";
  EXPECT_EQ(client_.remove("/v2/a/manifests/v1", {.headers = {{"If-Match", other.c_str()}}}).status, 412U);
  EXPECT_EQ(client_.remove("/v2/a/manifests/v1", {.headers = {{"If-Match", etag_.c_str()}}}).status, 202U);
  EXPECT_EQ(client_.get("/v2/a/manifests/v1").status, 404U);
  EXPECT_EQ(client_.get("/v2/a/manifests/" + digest_).status, 200U);
  EXPECT_EQ(client_.remove("/v2/a/manifests/" + digest_).status, 202U);
  EXPECT_EQ(client_.remove("/v2/a/manifests/" + digest_).status, 404U);
}

TEST_F(Manifests, ADigestMayBePercentEncoded) {
  put("v1", image_);
  EXPECT_EQ(client_.get("/v2/a/manifests/sha256%3A" + sha256_of(image_).hex()).status, 200U);
}

}  // namespace
}  // namespace berth
