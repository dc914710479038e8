#include "server/config_reload.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "server/config_loader.h"

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
  void set_level(LogLevel value) override { level = value; }

  LogLevel level = LogLevel::info;
  std::vector<std::string> messages;
};

class Reload : public testing::Test {
 protected:
  Reload() {
    std::string name = "/tmp/berth-reload-XXXXXX";
    directory_ = ::mkdtemp(name.data());
    write("");
    running_ = load_config({.file = file(), .environment = {}}).config;
  }
  ~Reload() override { std::filesystem::remove_all(directory_); }

  std::string file() const { return directory_ + "/config.yml"; }
  void write(const std::string& more) { std::ofstream(file()) << "version: 0.1\nstorage: inmemory\n" << more; }

  std::string directory_;
  ServerConfig running_;
  RecordingLog log_;
};

TEST_F(Reload, SetsTheLevelAndNamesWhatNeedsARestart) {
  write("log: {level: debug}\nhttp: {addr: ':1'}\nhtpp: x\n");
  reload_log_level(running_, log_);
  EXPECT_EQ(log_.level, LogLevel::debug);
  EXPECT_THAT(log_.messages, ElementsAre(HasSubstr("htpp: unknown key"), "http.addr has changed and needs a restart"));
}

TEST_F(Reload, ChangesNothingIfTheFileIsWrong) {
  write("log: {level: debug}\nhttp: {draintimeout: abc}\n");
  EXPECT_THROW(reload_log_level(running_, log_), std::runtime_error);
  std::filesystem::remove(file());
  EXPECT_THROW(reload_log_level(running_, log_), std::runtime_error);
  write("log: {level: debug}\nauth: {silly: {realm: r}}\n");
  EXPECT_THROW(reload_log_level(running_, log_), std::runtime_error);
  EXPECT_EQ(log_.level, LogLevel::info);
  EXPECT_THAT(log_.messages, IsEmpty());
}

}  // namespace
}  // namespace berth
