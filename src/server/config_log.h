// The `log` section.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "observe/log.h"

namespace berth {

struct LogConfig {
  LogLevel level = LogLevel::info;
  LogFormat formatter = LogFormat::text;
  std::vector<std::pair<std::string, std::string>> fields;  ///< added to every record, in the order written
  bool is_access_log_disabled = false;
  bool reports_caller = false;
};

}  // namespace berth
