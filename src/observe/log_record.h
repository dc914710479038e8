// One record of the log as a line of text, in the formats of Distribution's log.formatter.
#pragma once

#include <span>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "observe/log.h"

namespace berth {

/// logrus's names: error, warning, info, debug.
std::string_view log_level_name(LogLevel level);

/// RFC 3339 in UTC with microseconds: "2026-01-02T15:04:05.000120Z".
std::string format_timestamp(WallTime time);

/// The record without a line end:
///   text      time="2026-01-02T15:04:05.000120Z" level=info msg="blob pushed" size=42
///   json      {"level":"info","msg":"blob pushed","time":"...","size":42}
///   logstash  {"@timestamp":"...","@version":"1","level":"info","message":"blob pushed","size":42}
/// Fields of the record win over options.fields of the same name. A field named as one of the format's own keys appears
/// as "fields.NAME", as with logrus.
std::string format_log_record(const LogOptions& options, LogLevel level, WallTime time, std::string_view message,
                              std::span<const LogField> fields);

}  // namespace berth
