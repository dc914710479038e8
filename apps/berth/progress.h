// Progress: one line on standard error that is written over, on a terminal only.
#pragma once

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>

namespace berth {

class Progress {
 public:
  explicit Progress(bool is_wanted) : is_on_(is_wanted && ::isatty(STDERR_FILENO) == 1) {}
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// "[#####.......]  41 %  words"; without a total only the words.
  void show(std::uint64_t done, std::uint64_t total, const std::string& words) {
    if (!is_on_) return;
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
  const bool is_on_;
  bool is_shown_ = false;
};

}  // namespace berth
