#include "server/file_watch.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>

namespace berth {
namespace {

TEST(FileWatch, NoticesAReplacedFileOnceAndToleratesOneThatIsGone) {
  const std::string path = testing::TempDir() + "/watched-" + std::to_string(::getpid());
  std::ofstream(path) << "one";
  FileWatch watch({path});
  EXPECT_FALSE(watch.has_changed());
  std::ofstream(path + ".new") << "another";
  ASSERT_EQ(std::rename((path + ".new").c_str(), path.c_str()), 0);
  EXPECT_TRUE(watch.has_changed());
  EXPECT_FALSE(watch.has_changed());
  std::remove(path.c_str());
  EXPECT_FALSE(watch.has_changed());
}

}  // namespace
}  // namespace berth
