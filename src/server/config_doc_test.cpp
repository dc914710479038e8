#include "server/config_doc.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

TEST(ConfigDocument, IsWhatIsCommitted) {
  std::ifstream file(BERTH_SOURCE_DIR "/docs/configuration.md");
  std::stringstream committed;
  committed << file.rdbuf();
  EXPECT_TRUE(committed.str() == config_document()) << "run: berth config doc > docs/configuration.md";
}

void expect_help(const SettingNode& node, const std::string& page) {
  for (const auto& child : node.children) {
    EXPECT_TRUE(child->help.ends_with('.')) << child->path;
    EXPECT_THAT(page, testing::HasSubstr("`" + child->path + "`")) << child->path;
    expect_help(*child, page);
    if (child->element) expect_help(*child->element, page);
  }
}

TEST(ConfigDocument, ExplainsEveryKey) {
  ServerConfig config;
  SettingNode root;
  describe_settings(root, config);
  const std::string page = config_document();
  for (const auto& section : root.children) {
    EXPECT_TRUE(section->help.ends_with('.')) << section->path;
    expect_help(*section, page);
  }
}

}  // namespace
}  // namespace berth
