#include "auth/htpasswd/htpasswd_file.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

const std::string kHash = "$2y$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW";

TEST(HtpasswdFile, ReadsALineAUser) {
  const HtpasswdFile file = HtpasswdFile::parse("# users\n\nalice:" + kHash + "\r\n  bob:" + kHash + "  \nc:" + kHash);
  EXPECT_EQ(file.hashes.size(), 3U);
  EXPECT_EQ(file.hashes.at("alice"), kHash);
  EXPECT_EQ(file.hashes.at("bob"), kHash);
  EXPECT_TRUE(file.problems.empty());
  EXPECT_EQ(file.highest_cost, 5);
  EXPECT_EQ(HtpasswdFile::parse("").highest_cost, 10);
}

TEST(HtpasswdFile, TheLaterOfTwoLinesHolds) {
  std::string other = kHash;
  other.back() = 'X';
  EXPECT_EQ(HtpasswdFile::parse("a:" + kHash + "\na:" + other).hashes.at("a"), other);
  EXPECT_TRUE(HtpasswdFile::parse("a:" + kHash + "\na:$apr1$x$y").hashes.empty()) << "overruled, if by nothing";
}

TEST(HtpasswdFile, RefusesOtherKindsWithTheirLine) {
  const HtpasswdFile file = HtpasswdFile::parse(
      "a:" + kHash + "\nmd5:$apr1$abc$def\nsha:{SHA}abc=\ncrypt:abcdefg\nhalf:$2y$05$abc\nnothing\n:" + kHash +
      "\nx:$2x$05" + kHash.substr(6) + "\nslow:$2y$31" + kHash.substr(6) + "\nfast:$2y$03" + kHash.substr(6));
  EXPECT_EQ(file.hashes.size(), 1U);
  ASSERT_EQ(file.problems.size(), 9U);
  EXPECT_EQ(file.problems[0].line, 2U);
  EXPECT_EQ(file.problems[0].reason, "the password of \"md5\" is not bcrypt but MD5: set it again with htpasswd -B");
  EXPECT_NE(file.problems[1].reason.find("SHA"), std::string::npos);
  EXPECT_NE(file.problems[2].reason.find("crypt or plain text"), std::string::npos);
  EXPECT_NE(file.problems[3].reason.find("damaged"), std::string::npos);
  EXPECT_EQ(file.problems[4].reason, "not of the form name:hash");
  EXPECT_EQ(file.problems[5].line, 7U);
  EXPECT_NE(file.problems[7].reason.find("cost of 31"), std::string::npos);
  for (const HtpasswdProblem& problem : file.problems) EXPECT_EQ(problem.reason.find("$apr1$abc"), std::string::npos);
}

}  // namespace
}  // namespace berth
