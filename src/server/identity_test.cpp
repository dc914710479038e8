#include "server/identity.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

IdentityPlan planned(const IdentityFacts& facts) {
  const auto plan = plan_identity(facts, "/r");
  EXPECT_TRUE(plan.has_value()) << plan.error().message;
  return plan.value_or(IdentityPlan::proceed);
}

std::string refused(const IdentityFacts& facts) {
  const auto plan = plan_identity(facts, "/r");
  EXPECT_FALSE(plan.has_value());
  return plan ? "" : plan.error().message;
}

TEST(Identity, BeginsOnAnEmptyRoot) {
  EXPECT_EQ(planned({}), IdentityPlan::begin);
}

TEST(Identity, ProceedsWhenBothSidesAgree) {
  EXPECT_EQ(planned({.storage_id = "a", .metadata_id = "a", .metadata_is_empty = false}), IdentityPlan::proceed);
}

TEST(Identity, ProceedsBesideForeignRepositoriesOnceTheRootIsOurs) {
  EXPECT_EQ(planned({.storage_id = "a", .metadata_id = "a", .has_foreign_repositories = true}), IdentityPlan::proceed);
}

TEST(Identity, CompletesAFirstStartThatWasCutOff) {
  EXPECT_EQ(planned({.metadata_id = "a", .metadata_is_empty = true}), IdentityPlan::resume);
}

TEST(Identity, RefusesTwoDifferentSides) {
  EXPECT_NE(refused({.storage_id = "a", .metadata_id = "b"}).find("belongs to b"), std::string::npos);
}

TEST(Identity, RefusesBlobsWhoseMetadataIsGone) {
  EXPECT_NE(refused({.storage_id = "a"}).find("metadata is empty"), std::string::npos);
}

TEST(Identity, RefusesMetadataWhoseBlobsAreGone) {
  EXPECT_NE(refused({.metadata_id = "a", .metadata_is_empty = false}).find("mounted"), std::string::npos);
}

TEST(Identity, AdoptsAForeignRoot) {
  EXPECT_EQ(planned({.has_foreign_repositories = true}), IdentityPlan::adopt);
}

TEST(Identity, AdoptsAForeignRootWhoseAdoptionWasCutOffBeforeItsId) {
  EXPECT_EQ(planned({.metadata_id = "a", .has_foreign_repositories = true}), IdentityPlan::adopt);
}

TEST(Identity, RefusesRecordsBesideAForeignRoot) {
  const IdentityFacts facts{.metadata_id = "a", .metadata_is_empty = false, .has_foreign_repositories = true};
  EXPECT_NE(refused(facts).find("mounted"), std::string::npos);
}

}  // namespace
}  // namespace berth
