#include "server/config_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "server/config_loader.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

class RecordingLog final : public Log {
 public:
  void write(LogLevel, std::string_view message, std::initializer_list<LogField>) override {
    messages.emplace_back(message);
  }
  bool is_enabled(LogLevel) const override { return true; }
  void set_level(LogLevel) override {}

  std::vector<std::string> messages;
};

class Reload : public testing::Test {
 protected:
  Reload() {
    write("");
    running_ = load_config({.file = file(), .environment = {}}).config;
  }

  std::string file() const { return directory_.file("config.yml"); }
  void write(const std::string& more) { std::ofstream(file()) << "version: 0.1\nstorage: inmemory\n" << more; }

  TemporaryDirectory directory_;
  ServerConfig running_;
  RecordingLog log_;
};

TEST_F(Reload, ReadsWhatIsThereNowAndNamesWhatNeedsARestart) {
  write("log: {level: debug}\nhttp: {addr: ':1'}\nhtpp: x\npolicy: {tags: [{tags: v*}]}\n");
  const ServerConfig fresh = read_config_again(running_, log_);
  EXPECT_EQ(fresh.log.level, LogLevel::debug);
  EXPECT_EQ(fresh.access.tag_protections.size(), 1U);
  EXPECT_THAT(log_.messages, ElementsAre(HasSubstr("htpp: unknown key"), "http.addr has changed and needs a restart"));
}

TEST_F(Reload, RefusesAFileThatIsWrong) {
  write("log: {level: debug}\nhttp: {draintimeout: abc}\n");
  EXPECT_THROW(read_config_again(running_, log_), std::runtime_error);
  std::filesystem::remove(file());
  EXPECT_THROW(read_config_again(running_, log_), std::runtime_error);
  write("log: {level: debug}\nauth: {silly: {realm: r}}\n");
  EXPECT_THROW(read_config_again(running_, log_), std::runtime_error);
  EXPECT_THAT(log_.messages, IsEmpty());
}

}  // namespace
}  // namespace berth
