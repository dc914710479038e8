#include <gtest/gtest.h>

#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

ApiOptions small_pages() {
  ApiOptions options;
  options.tag_page = 3;
  options.tag_entries = 5;
  options.catalog_entries = 4;
  options.catalog_default = 2;
  options.referrers_bytes = 1200;
  return options;
}

class Lists : public testing::Test {
 protected:
  void tag_all(const std::string& name, const std::vector<std::string>& tags) {
    std::vector<Tag> all;
    for (const std::string& text : tags) all.push_back(tag(text));
    const std::string image = api_.world.image(name, "layer");
    ASSERT_TRUE(api_.world.put(name, sha256_of(image), image, {}, all));
  }
  std::string push_referrer(const std::string& subject, const std::string& type, const std::string& note) {
    const std::string more =
        R"(,"artifactType":")" + type + R"(","annotations":{"note":")" + note +
        R"("},"subject":{"mediaType":"application/vnd.oci.image.manifest.v1+json","size":1,"digest":")" + subject +
        "\"}";
    const std::string image =
        RegistryInMemory::image_of(api_.world.push("a", "c"), 1, api_.world.push("a", "l"), 1, more);
    EXPECT_TRUE(api_.world.put("a", sha256_of(image), image));
    return sha256_of(image).to_string();
  }
  static std::string next_of(const ClientAnswer& answer) {
    const std::string link = answer["Link"];
    return link.empty() ? "" : link.substr(1, link.find('>') - 1);
  }

  ApiInMemory api_{policy_with_deletes(), small_pages()};
  ApiClient& client_ = api_.client;
};

TEST_F(Lists, TagsOfAnUnknownRepositoryAre404) {
  const ClientAnswer answer = client_.get("/v2/a/tags/list");
  EXPECT_EQ(answer.status, 404U);
  EXPECT_EQ(answer.body,
            "{\"errors\":[{\"code\":\"NAME_UNKNOWN\",\"message\":\"repository name not known to "
            "registry\",\"detail\":{\"name\":\"a\"}}]}\n");
  EXPECT_EQ(client_.get("/v2/a/tags/list?n=0").status, 404U);
  EXPECT_EQ(client_.head("/v2/a/tags/list").status, 404U);
}

TEST_F(Lists, AllTagsAreStreamedInOrder) {
  tag_all("a", {"b", "a", "B", "1", "_", "c", "latest"});
  const ClientAnswer answer = client_.get("/v2/a/tags/list");
  EXPECT_EQ(answer.body, "{\"name\":\"a\",\"tags\":[\"1\",\"B\",\"_\",\"a\",\"b\",\"c\",\"latest\"]}\n");
  EXPECT_EQ(answer["Link"], "");
  EXPECT_EQ(answer["Content-Type"], "application/json");
  EXPECT_EQ(client_.get("/v2/a/tags/list?last=a").body, "{\"name\":\"a\",\"tags\":[\"b\",\"c\",\"latest\"]}\n");
  EXPECT_EQ(client_.get("/v2/a/tags/list?last=aa").body, "{\"name\":\"a\",\"tags\":[\"b\",\"c\",\"latest\"]}\n");
  EXPECT_EQ(client_.get("/v2/a/tags/list?last=zzz").body, "{\"name\":\"a\",\"tags\":[]}\n");
  EXPECT_EQ(client_.head("/v2/a/tags/list").status, 200U);
}

TEST_F(Lists, TagsPageByPage) {
  tag_all("a", {"a", "b", "c", "d"});
  ClientAnswer answer = client_.get("/v2/a/tags/list?n=2&ns=docker.io");
  EXPECT_EQ(answer.body, "{\"name\":\"a\",\"tags\":[\"a\",\"b\"]}\n");
  EXPECT_EQ(answer["Link"], "</v2/a/tags/list?last=b&n=2>; rel=\"next\"");
  answer = client_.get(next_of(answer));
  EXPECT_EQ(answer.body, "{\"name\":\"a\",\"tags\":[\"c\",\"d\"]}\n");
  EXPECT_EQ(answer["Link"], "") << "nothing follows";
  EXPECT_EQ(client_.get("/v2/a/tags/list?n=0").body, "{\"name\":\"a\",\"tags\":[]}\n");
  EXPECT_EQ(client_.get("/v2/a/tags/list?n=0")["Link"], "");
  for (const char* bad : {"x", "-1", "1.5", "+1"}) {
    const ClientAnswer refused = client_.get(std::string("/v2/a/tags/list?n=") + bad);
    EXPECT_EQ(refused.status, 400U) << bad;
    EXPECT_NE(refused.body.find("PAGINATION_NUMBER_INVALID"), std::string::npos);
  }
}

TEST_F(Lists, TooManyTagsAtOnceAreClamped) {
  tag_all("a", {"a", "b", "c", "d", "e", "f"});
  const ClientAnswer answer = client_.get("/v2/a/tags/list?n=99999999999999999999999");
  EXPECT_EQ(answer.body, "{\"name\":\"a\",\"tags\":[\"a\",\"b\",\"c\",\"d\",\"e\"]}\n");
  EXPECT_FALSE(answer["Link"].empty());
}

TEST_F(Lists, CatalogHasRepositoriesWithManifests) {
  EXPECT_EQ(client_.get("/v2/_catalog").body, "{\"repositories\":[]}\n");
  for (const char* name : {"a/b", "a", "a-b"}) tag_all(name, {"v1"});
  api_.world.push("blobs-only", "layer");
  ClientAnswer answer = client_.get("/v2/_catalog");
  EXPECT_EQ(answer.body, "{\"repositories\":[\"a\",\"a-b\"]}\n");
  EXPECT_EQ(answer["Link"], "</v2/_catalog?last=a-b&n=2>; rel=\"next\"");
  answer = client_.get(next_of(answer));
  EXPECT_EQ(answer.body, "{\"repositories\":[\"a/b\"]}\n");
  EXPECT_EQ(answer["Link"], "");
  EXPECT_EQ(client_.get("/v2/_catalog?n=3&last=a-b").body, "{\"repositories\":[\"a/b\"]}\n");
  EXPECT_EQ(client_.get("/v2/_catalog?n=0").body, "{\"repositories\":[]}\n");
  EXPECT_EQ(client_.get("/v2/_catalog?n=5").status, 400U);
  EXPECT_NE(client_.get("/v2/_catalog?n=5").body.find("{\"n\":\"5\"}"), std::string::npos);
  EXPECT_EQ(client_.get("/v2/_catalog?n=x").status, 400U);
}

TEST_F(Lists, ALinkToANameWithASlashIsEncoded) {
  for (const char* name : {"a/b", "c", "d"}) tag_all(name, {"v1"});
  const ClientAnswer answer = client_.get("/v2/_catalog?n=1");
  EXPECT_EQ(answer["Link"], "</v2/_catalog?last=a%2Fb&n=1>; rel=\"next\"");
  EXPECT_EQ(client_.get(next_of(answer)).body, "{\"repositories\":[\"c\"]}\n");
}

TEST_F(Lists, ReferrersOfTheUnknownAreAnEmptyIndex) {
  const ClientAnswer answer = client_.get("/v2/nobody/referrers/" + sha256_of("x").to_string());
  EXPECT_EQ(answer.status, 200U);
  EXPECT_EQ(answer["Content-Type"], "application/vnd.oci.image.index.v1+json");
  EXPECT_EQ(answer.body, R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]})");
  EXPECT_EQ(client_.get("/v2/a/referrers/sha256:bad").status, 400U);
  EXPECT_EQ(client_.head("/v2/a/referrers/" + sha256_of("x").to_string()).status, 200U);
}

TEST_F(Lists, ReferrersAreFilteredByType) {
  const std::string subject = sha256_of("s").to_string();
  const std::string sbom = push_referrer(subject, "application/spdx+json", "1");
  const std::string signature = push_referrer(subject, "application/signature", "2");
  const ClientAnswer all = client_.get("/v2/a/referrers/" + subject);
  EXPECT_NE(all.body.find(sbom), std::string::npos);
  EXPECT_NE(all.body.find(signature), std::string::npos);
  EXPECT_NE(all.body.find(R"("annotations":{"note":"1"})"), std::string::npos);
  EXPECT_EQ(all["OCI-Filters-Applied"], "");
  for (const char* type : {"application/spdx%2Bjson", "application/spdx+json"}) {
    const ClientAnswer filtered = client_.get("/v2/a/referrers/" + subject + "?artifactType=" + type);
    EXPECT_NE(filtered.body.find(sbom), std::string::npos) << type;
    EXPECT_EQ(filtered.body.find(signature), std::string::npos);
    EXPECT_EQ(filtered["OCI-Filters-Applied"], "artifactType");
  }
}

TEST_F(Lists, ReferrersPageByTheirSizeAndCount) {
  const std::string subject = sha256_of("s").to_string();
  std::vector<std::string> digests;
  for (int i = 0; i < 20; ++i) digests.push_back(push_referrer(subject, "a/b", std::to_string(i)));
  for (const char* first : {"?artifactType=a/b", "?artifactType=a/b&n=3"}) {
    std::size_t found = 0;
    std::size_t pages = 0;
    for (std::string target = "/v2/a/referrers/" + subject + first; !target.empty(); ++pages) {
      const ClientAnswer answer = client_.get(target);
      ASSERT_EQ(answer.status, 200U);
      EXPECT_LE(answer.body.size(), 1200U);
      for (const std::string& digest : digests) found += answer.body.find(digest) != std::string::npos ? 1 : 0;
      target = next_of(answer);
      ASSERT_LT(pages, 20U);
    }
    EXPECT_EQ(found, digests.size());
    EXPECT_GE(pages, 4U);
  }
}

}  // namespace
}  // namespace berth
