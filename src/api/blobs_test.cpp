#include <gtest/gtest.h>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

class Blobs : public testing::Test {
 protected:
  std::string path(const Digest& digest) { return "/v2/a/blobs/" + digest.to_string(); }

  ApiInMemory api_;
  ApiClient& client_ = api_.client;
  const Digest digest_ = api_.world.push("a", "0123456789");
  const std::string etag_ = "\"" + digest_.to_string() + "\"";
};

TEST_F(Blobs, ComeWithTheirDigestAndMayBeKeptForEver) {
  const ClientAnswer answer = client_.get(path(digest_));
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer.body, "0123456789");
  EXPECT_EQ(answer["Content-Type"], "application/octet-stream");
  EXPECT_EQ(answer["Docker-Content-Digest"], digest_.to_string());
  EXPECT_EQ(answer["ETag"], etag_);
  EXPECT_EQ(answer["Accept-Ranges"], "bytes");
  EXPECT_EQ(answer["Cache-Control"], "max-age=31536000, immutable");
}

TEST_F(Blobs, HeadTellsWhatGetWould) {
  const ClientAnswer head = client_.head(path(digest_));
  EXPECT_EQ(head.status, 200U);
  EXPECT_EQ(head.head_length, 10U);
  const ClientAnswer get = client_.get(path(digest_));
  for (const char* field : {"Content-Type", "Docker-Content-Digest", "ETag", "Accept-Ranges", "Cache-Control"}) {
    EXPECT_EQ(head[field], get[field]) << field;
  }
}

TEST_F(Blobs, UnknownIs404AndMalformedIs400) {
  const ClientAnswer unknown = client_.get(path(sha256_of("x")));
  EXPECT_EQ(unknown.status, 404U);
  EXPECT_EQ(unknown.body,
            "{\"errors\":[{\"code\":\"BLOB_UNKNOWN\",\"message\":\"blob unknown to registry\",\"detail\":\"" +
                sha256_of("x").to_string() + "\"}]}\n");
  EXPECT_EQ(client_.head(path(sha256_of("x"))).status, 404U);
  EXPECT_EQ(client_.get("/v2/other/blobs/" + digest_.to_string()).status, 404U);
  for (const char* bad : {"sha256:abc", "md5:d41d8cd98f00b204e9800998ecf8427e", "x"}) {
    const ClientAnswer answer = client_.get(std::string("/v2/a/blobs/") + bad);
    EXPECT_EQ(answer.status, 400U) << bad;
    EXPECT_NE(answer.body.find("DIGEST_INVALID"), std::string::npos);
    EXPECT_EQ(client_.head(std::string("/v2/a/blobs/") + bad).status, 400U) << bad;
  }
}

TEST_F(Blobs, ADigestMayBePercentEncoded) {
  EXPECT_EQ(client_.get("/v2/a/blobs/sha256%3A" + digest_.hex()).status, 200U);
}

TEST_F(Blobs, ByRange) {
  const ClientAnswer part = client_.get(path(digest_), {.headers = {{"Range", "bytes=2-4"}}});
  EXPECT_EQ(part.status, 206U);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part["Content-Range"], "bytes 2-4/10");
  EXPECT_EQ(part["Docker-Content-Digest"], digest_.to_string());
  const ClientAnswer outside = client_.get(path(digest_), {.headers = {{"Range", "bytes=10-"}}});
  EXPECT_EQ(outside.status, 416U);
  EXPECT_EQ(outside["Content-Range"], "bytes */10");
  EXPECT_EQ(outside["Cache-Control"], "");
  const std::string other = "\"" + sha256_of("x").to_string() + "\"";
  EXPECT_EQ(client_.get(path(digest_), {.headers = {{"Range", "bytes=2-4"}, {"If-Range", other.c_str()}}}).status,
            200U);
  EXPECT_EQ(client_.get(path(digest_), {.headers = {{"Range", "bytes=2-4"}, {"If-Range", etag_.c_str()}}}).status,
            206U);
  const Digest empty = api_.world.push("a", "");
  EXPECT_EQ(client_.get(path(empty), {.headers = {{"Range", "bytes=0-"}}}).status, 416U);
  EXPECT_EQ(client_.get(path(empty)).status, 200U);
}

TEST_F(Blobs, NotModifiedOnlyIfItExists) {
  const ClientAnswer same = client_.get(path(digest_), {.headers = {{"If-None-Match", etag_.c_str()}}});
  EXPECT_EQ(same.status, 304U);
  EXPECT_EQ(same["ETag"], etag_);
  EXPECT_EQ(same.body, "");
  EXPECT_EQ(client_.head(path(digest_), {.headers = {{"If-None-Match", "*"}}}).status, 304U);
  const std::string made_up = "\"" + sha256_of("x").to_string() + "\"";
  EXPECT_EQ(client_.get(path(sha256_of("x")), {.headers = {{"If-None-Match", made_up.c_str()}}}).status, 404U);
}

TEST_F(Blobs, DeleteTakesTheLink) {
  const ClientAnswer deleted = client_.remove(path(digest_));
  EXPECT_EQ(deleted.status, 202U);
  EXPECT_EQ(client_.get(path(digest_)).status, 404U);
  EXPECT_EQ(client_.remove(path(digest_)).status, 404U);
  ApiInMemory without({});
  const ClientAnswer refused = without.client.remove(path(digest_));
  EXPECT_EQ(refused.status, 405U);
  EXPECT_NE(refused.body.find("UNSUPPORTED"), std::string::npos);
  EXPECT_NE(refused.body.find("storage.delete.enabled"), std::string::npos);
  EXPECT_EQ(refused["Allow"], "GET, HEAD");
}

TEST_F(Blobs, NsIsAcceptedOnReads) {
  EXPECT_EQ(client_.get(path(digest_) + "?ns=docker.io").status, 200U);
}

}  // namespace
}  // namespace berth
