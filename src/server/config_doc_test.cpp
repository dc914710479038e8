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

void expect_help(const SettingNode& node) {
  for (const auto& child : node.children) {
    EXPECT_TRUE(child->help.ends_with('.')) << child->path;
    EXPECT_THAT(config_document(), testing::HasSubstr("`" + child->path + "`")) << child->path;
    expect_help(*child);
    if (child->element) expect_help(*child->element);
  }
}

TEST(ConfigDocument, ExplainsEveryKey) {
  ServerConfig config;
  SettingNode root;
  describe_settings(root, config);
  for (const auto& section : root.children) {
    EXPECT_TRUE(section->help.ends_with('.')) << section->path;
    expect_help(*section);
  }
}

}  // namespace
}  // namespace berth
