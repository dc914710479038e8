// Health: which checks fail now, and why. Filled by server/health_checks, shown by /readyz and /debug/health.
#pragma once

#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <string>

namespace berth {

/// Threading: any thread.
class Health {
 public:
  /// The latest result of a check: nothing is healthy, a text is why not.
  void report(const std::string& check, std::optional<std::string> problem) {
    const std::lock_guard lock(mutex_);
    if (problem) {
      problems_[check] = std::move(*problem);
    } else {
      problems_.erase(check);
    }
    is_healthy_.store(problems_.empty(), std::memory_order_release);
  }

  /// Without a lock.
  bool is_healthy() const { return is_healthy_.load(std::memory_order_acquire); }

  /// Something to know that is no problem; nothing takes it back.
  void note(const std::string& about, std::optional<std::string> text) {
    const std::lock_guard lock(mutex_);
    if (text) {
      notes_[about] = std::move(*text);
    } else {
      notes_.erase(about);
    }
  }
  std::map<std::string, std::string> notes() const {
    const std::lock_guard lock(mutex_);
    return notes_;
  }

  /// Failing checks with their reasons; empty is healthy.
  std::map<std::string, std::string> problems() const {
    const std::lock_guard lock(mutex_);
    return problems_;
  }

 private:
  mutable std::mutex mutex_;
  // Guarded by mutex_.
  std::map<std::string, std::string> problems_;
  std::map<std::string, std::string> notes_;
  std::atomic<bool> is_healthy_{true};
};

}  // namespace berth
