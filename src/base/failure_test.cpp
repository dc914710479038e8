#include "base/failure.h"

#include <gtest/gtest.h>

#include <cerrno>

namespace berth {
namespace {

TEST(FailureFromErrno, SaysWhatAndWhy) {
  const Failure failure = failure_from_errno(FailureKind::storage, "fsync of x", EIO);
  EXPECT_EQ(failure.kind(), FailureKind::storage);
  EXPECT_STREQ(failure.what(), "fsync of x: Input/output error");
}

TEST(FailureFromErrno, KnowsAFullDiskAndAFullQuota) {
  EXPECT_EQ(failure_from_errno(FailureKind::storage, "write", ENOSPC).kind(), FailureKind::storage_full);
  EXPECT_EQ(failure_from_errno(FailureKind::metadata, "write", EDQUOT).kind(), FailureKind::storage_full);
}

}  // namespace
}  // namespace berth
