#include "auth/credential_cache.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "tests/support/manual_clock.h"

namespace berth {
namespace {

using namespace std::chrono_literals;

std::shared_ptr<const Identity> user(const std::string& name) {
  return std::make_shared<const Identity>(Identity{.kind = IdentityKind::user, .name = name, .proof = Proof::password});
}

class CredentialCacheTest : public ::testing::Test {
 protected:
  void keep(const std::string& field, const std::string& name, WallTime good_until = WallTime::max()) {
    cache_.keep(cache_.key_of_field(field), user(name), good_until, cache_.stamp());
  }
  std::string find(const std::string& field) {
    const auto who = cache_.find(cache_.key_of_field(field));
    return who ? who->name : "";
  }

  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  CredentialCache cache_{{.lifetime = 60s, .entry_count = 1600}, clock_, entropy_, metrics_};
};

TEST_F(CredentialCacheTest, RemembersForItsLifetime) {
  keep("Basic a", "alice");
  EXPECT_EQ(find("Basic a"), "alice");
  EXPECT_EQ(find("Basic b"), "");
  clock_.advance(59s);
  EXPECT_EQ(find("Basic a"), "alice");
  clock_.advance(1s);
  EXPECT_EQ(find("Basic a"), "");
}

TEST_F(CredentialCacheTest, ForgetsATokenWhenItEnds) {
  keep("Bearer a", "alice", clock_.now() + 5s);
  keep("Bearer old", "alice", clock_.now());
  EXPECT_EQ(find("Bearer old"), "");
  clock_.advance(4s);
  EXPECT_EQ(find("Bearer a"), "alice");
  clock_.advance(1s);
  EXPECT_EQ(find("Bearer a"), "");
}

TEST_F(CredentialCacheTest, ForgetsAllOrOne) {
  keep("1", "alice");
  keep("2", "alice");
  keep("3", "bob");
  cache_.forget(IdentityKind::robot, "alice");
  EXPECT_EQ(find("1"), "alice");
  cache_.forget(IdentityKind::user, "alice");
  EXPECT_EQ(find("1"), "");
  EXPECT_EQ(find("2"), "");
  EXPECT_EQ(find("3"), "bob");
  cache_.forget_all();
  EXPECT_EQ(find("3"), "");
}

TEST_F(CredentialCacheTest, WhatWasForgottenWhileItWasCheckedIsNotKept) {
  for (const auto& forget : {std::function([this] { cache_.forget_all(); }),
                             std::function([this] { cache_.forget(IdentityKind::user, "somebody"); })}) {
    const std::uint64_t stamp = cache_.stamp();
    forget();
    cache_.keep(cache_.key_of_field("f"), user("alice"), WallTime::max(), stamp);
    EXPECT_EQ(find("f"), "");
  }
}

TEST_F(CredentialCacheTest, TheOldestMakeRoom) {
  for (int i = 0; i < 20'000; ++i) keep(std::to_string(i), "user");
  std::size_t known = 0;
  for (int i = 0; i < 20'000; ++i) known += find(std::to_string(i)).empty() ? 0 : 1;
  EXPECT_LE(known, 1600U);
  EXPECT_GT(known, 1000U);
  EXPECT_EQ(find("19999"), "user");
  for (int i = 0; i < 20'000; ++i) keep("always the same", "user");
  EXPECT_EQ(find("19999"), "user") << "what is kept again takes no room";
}

TEST_F(CredentialCacheTest, ManyThreadsMayUseIt) {
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([this, t] {
      for (int i = 0; i < 2'000; ++i) {
        const std::string field = std::to_string(i % 50);
        if (find(field).empty()) keep(field, "user");
        if (i % 500 == 0) cache_.forget(IdentityKind::user, std::to_string(t));
        if (i % 900 == 0) cache_.forget_all();
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace berth
