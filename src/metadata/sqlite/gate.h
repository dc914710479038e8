// Gate: lets the checkpointer hold the writer (between two groups) or the readers (between two reads). A condition variable
// instead of SQLite's own locks: those are waited for by sleeping, and readers that overlap without end can keep them taken.
#pragma once

#include <condition_variable>
#include <cstddef>
#include <mutex>

namespace berth::sqlite {

/// Threading: any number pass, one closes.
class Gate {
 public:
  /// Inside while it lives; construction waits while the gate is closed.
  class Pass {
   public:
    explicit Pass(Gate& gate) : gate_(gate) {
      std::unique_lock lock(gate_.mutex_);
      gate_.wake_.wait(lock, [this] { return !gate_.is_closed_; });
      ++gate_.inside_count_;
    }
    ~Pass() {
      bool has_waiter = false;
      {
        const std::lock_guard lock(gate_.mutex_);
        --gate_.inside_count_;
        has_waiter = gate_.is_closed_;
      }
      if (has_waiter) gate_.wake_.notify_all();
    }
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;

   private:
    Gate& gate_;
  };

  /// Closed while it lives; construction waits until nobody is inside.
  class Closed {
   public:
    explicit Closed(Gate& gate) : gate_(gate) {
      std::unique_lock lock(gate_.mutex_);
      gate_.is_closed_ = true;
      gate_.wake_.wait(lock, [this] { return gate_.inside_count_ == 0; });
    }
    ~Closed() {
      {
        const std::lock_guard lock(gate_.mutex_);
        gate_.is_closed_ = false;
      }
      gate_.wake_.notify_all();
    }
    Closed(const Closed&) = delete;
    Closed& operator=(const Closed&) = delete;

   private:
    Gate& gate_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_closed_ = false;
  std::size_t inside_count_ = 0;
};

}  // namespace berth::sqlite
