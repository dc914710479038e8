#include "content/printable.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

TEST(Printable, LeavesOrdinaryTextAlone) {
  EXPECT_EQ(printable("library/nginx:1.27 ~"), "library/nginx:1.27 ~");
}

TEST(Printable, ReplacesControlAndHighBytes) {
  EXPECT_EQ(printable(std::string_view("a\0b\n\x7f\xc3\xa9", 7)), "a?b????");
}

TEST(Printable, CutsLongTextAndSaysSo) {
  EXPECT_EQ(printable("0123456789", 10), "0123456789");
  EXPECT_EQ(printable("0123456789a", 10), "0123456789...");
}

}  // namespace
}  // namespace berth
