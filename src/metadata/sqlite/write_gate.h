// WriteGate: lets the checkpointer hold the writer between two groups. A condition variable instead of SQLite's own lock:
// that one is waited for by sleeping.
#pragma once

#include <condition_variable>
#include <mutex>

namespace berth::sqlite {

/// Threading: one writer, one checkpointer.
class WriteGate {
 public:
  /// The writer is inside from enter() to leave().
  void enter() {
    std::unique_lock lock(mutex_);
    wake_.wait(lock, [this] { return !is_closed_; });
    is_inside_ = true;
  }
  void leave() {
    {
      const std::lock_guard lock(mutex_);
      is_inside_ = false;
    }
    wake_.notify_all();
  }

  /// Closed while it lives; construction waits for the writer to leave.
  class Closed {
   public:
    explicit Closed(WriteGate& gate) : gate_(gate) {
      std::unique_lock lock(gate_.mutex_);
      gate_.is_closed_ = true;
      gate_.wake_.wait(lock, [this] { return !gate_.is_inside_; });
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
    WriteGate& gate_;
  };

 private:
  std::mutex mutex_;
  std::condition_variable wake_;
  bool is_closed_ = false;
  bool is_inside_ = false;
};

}  // namespace berth::sqlite
