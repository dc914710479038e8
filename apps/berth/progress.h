// Progress: one line on standard error that is written over on a terminal; elsewhere a line from time to time.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <string>

namespace berth {

class Progress {
 public:
  explicit Progress(bool is_wanted) : is_wanted_(is_wanted), is_terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// "[#####.......]  41 %  words"; without a total only the words.
  void show(std::uint64_t done, std::uint64_t total, const std::string& words) {
    if (!is_wanted_) return;
    if (!is_terminal_) return tell(words);
    constexpr std::uint64_t kWidth = 30;
    if (total == 0) {
      fmt::print(stderr, "\r\033[K{}", words);
    } else {
      const double part = static_cast<double>(std::min(done, total)) / static_cast<double>(total);
      const auto filled = static_cast<std::size_t>(part * kWidth);
      fmt::print(stderr, "\r\033[K[{}{}] {:3.0f} %  {}", std::string(filled, '#'), std::string(kWidth - filled, '.'),
                 part * 100, words);
    }
    std::fflush(stderr);
    is_shown_ = true;
  }

  void clear() {
    if (is_shown_) fmt::print(stderr, "\r\033[K");
    is_shown_ = false;
  }

 private:
  /// Long work only: what ends soon says nothing.
  void tell(const std::string& words) {
    constexpr std::chrono::seconds kBetween{10};
    const auto now = std::chrono::steady_clock::now();
    if (now - told_ < kBetween) return;
    told_ = now;
    fmt::print(stderr, "{}\n", words);
  }

  const bool is_wanted_;
  const bool is_terminal_;
  std::chrono::steady_clock::time_point told_ = std::chrono::steady_clock::now();
  bool is_shown_ = false;
};

}  // namespace berth
