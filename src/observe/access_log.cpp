#include "observe/access_log.h"

#include <fmt/format.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "observe/escape.h"
#include "observe/log_record.h"

namespace berth {
namespace {

std::string_view without_port(std::string_view address) {
  if (address.starts_with('[')) {
    const std::size_t end = address.find(']');
    return end == std::string_view::npos ? address : address.substr(1, end - 1);
  }
  const std::size_t colon = address.rfind(':');
  const bool is_bare_ipv6 = colon != std::string_view::npos && address.find(':') != colon;
  return colon == std::string_view::npos || is_bare_ipv6 ? address : address.substr(0, colon);
}

/// Apache's %t: 02/Jan/2026:15:04:05 +0000
std::string format_common_time(WallTime time) {
  static constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::seconds>(time - day));
  return fmt::format("{:02}/{}/{:04}:{:02}:{:02}:{:02} +0000", static_cast<unsigned>(date.day()),
                     kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()),
                     clock.hours().count(), clock.minutes().count(), clock.seconds().count());
}

/// A column outside quotes: no space, quote or control character may come through.
void append_column(std::string& out, std::string_view text) {
  if (text.empty()) {
    out += '-';
    return;
  }
  const std::size_t limit = std::min<std::size_t>(text.size(), 256);
  for (const char c : text.substr(0, limit)) {
    const bool is_plain = c > 0x20 && c < 0x7F && c != '"' && c != '\\';
    out += is_plain ? c : '_';
  }
}

void append_json_field(std::string& out, std::string_view name, std::string_view value) {
  if (value.empty()) return;
  out += fmt::format(",\"{}\":", name);
  append_json_quoted(out, value);
}

}  // namespace

std::string format_access_line_combined(const AccessLine& line) {
  std::string out;
  append_column(out, without_port(line.remote_address));
  out += " - ";
  append_column(out, line.user);
  out += fmt::format(" [{}] ", format_common_time(line.started));
  append_quoted(out, fmt::format("{} {} {}", line.method, line.target, line.protocol));
  out += fmt::format(" {} {} ", line.status, line.sent_bytes);
  append_quoted(out, line.referer);
  out += ' ';
  append_quoted(out, line.user_agent);
  return out;
}

std::string format_access_line_json(const AccessLine& line) {
  std::string out = fmt::format("{{\"time\":\"{}\"", format_timestamp(line.started));
  append_json_field(out, "http.request.id", line.request_id);
  append_json_field(out, "http.request.remoteaddr", line.remote_address);
  append_json_field(out, "auth.user.name", line.user);
  append_json_field(out, "http.request.method", line.method);
  append_json_field(out, "http.request.host", line.host);
  append_json_field(out, "http.request.uri", line.target);
  append_json_field(out, "http.request.protocol", line.protocol);
  append_json_field(out, "http.request.referer", line.referer);
  append_json_field(out, "http.request.useragent", line.user_agent);
  out += fmt::format(
      ",\"http.request.read\":{},\"http.response.status\":{},\"http.response.written\":{},"
      "\"http.response.duration_ms\":{:.3f},\"http.response.complete\":{}}}",
      line.received_bytes, line.status, line.sent_bytes, static_cast<double>(line.duration.count()) / 1000.0,
      line.is_complete);
  return out;
}

AccessLog::AccessLog(AccessLogOptions options, Metrics& metrics)
    : options_(std::move(options)),
      dropped_(metrics.counter("berth_access_log_dropped_total",
                               "Access log lines dropped because the output stood still.")) {
  // poll(2) says that a pipe takes PIPE_BUF (4096) bytes without waiting; a file never makes anybody wait for a reader.
  struct stat status = {};
  const bool is_file = ::fstat(options_.descriptor, &status) == 0 && S_ISREG(status.st_mode);
  chunk_size_bytes_ = is_file ? std::size_t{256 * 1024} : std::size_t{4096};
  writer_ = std::thread([this] { run(); });
}

AccessLog::~AccessLog() {
  {
    const std::scoped_lock lock(mutex_);
    is_stopping_ = true;
    stop_deadline_ = std::chrono::steady_clock::now() + options_.stop_limit;
  }
  wake_.notify_all();
  writer_.join();
}

void AccessLog::write(const AccessLine& line) {
  std::string text =
      options_.format == LogFormat::text ? format_access_line_combined(line) : format_access_line_json(line);
  text += '\n';
  bool was_empty = false;
  {
    const std::scoped_lock lock(mutex_);
    if (buffer_.size() + text.size() > options_.buffer_limit_bytes) {
      dropped_.add();
      return;
    }
    was_empty = buffer_.empty();
    buffer_ += text;
  }
  if (was_empty) wake_.notify_all();
}

void AccessLog::flush() {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [this] { return buffer_.empty() && !is_writing_; });
}

void AccessLog::run() {
  std::string batch;
  std::unique_lock lock(mutex_);
  while (true) {
    wake_.wait(lock, [this] { return !buffer_.empty() || is_stopping_; });
    if (buffer_.empty()) return;
    // One wake-up and one write for what comes within gather_time, instead of one for each request.
    wake_.wait_for(lock, options_.gather_time, [this] { return is_stopping_; });
    batch.clear();
    std::swap(batch, buffer_);
    is_writing_ = true;
    lock.unlock();
    count_dropped(write_out(batch));
    lock.lock();
    is_writing_ = false;
    drained_.notify_all();
    if (is_stopping_ && std::chrono::steady_clock::now() >= stop_deadline_) {
      count_dropped(buffer_);
      return;
    }
  }
}

std::string_view AccessLog::write_out(std::string_view text) {
  while (!text.empty()) {
    pollfd waiting{options_.descriptor, POLLOUT, 0};
    const int ready = ::poll(&waiting, 1, 100);
    if (ready <= 0) {  // not writable, or interrupted: the buffer fills meanwhile
      if (is_past_stop_limit()) return text;
      continue;
    }
    const ssize_t written = ::write(options_.descriptor, text.data(), std::min(text.size(), chunk_size_bytes_));
    if (written < 0) {
      if (errno == EINTR || errno == EAGAIN) continue;
      return text;  // a closed pipe or a full disk: nobody to tell but the counter
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return text;
}

void AccessLog::count_dropped(std::string_view text) {
  dropped_.add(static_cast<std::uint64_t>(std::ranges::count(text, '\n')));
}

bool AccessLog::is_past_stop_limit() {
  const std::scoped_lock lock(mutex_);
  return is_stopping_ && std::chrono::steady_clock::now() >= stop_deadline_;
}

}  // namespace berth
