// Loop: one io_context and its thread, with what the connections on it share: one ticking timer for all deadlines, the
// Date of answers, request ids, send buffers, byte counts.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/entropy.h"
#include "http/loop_balance.h"
#include "http/server_metrics.h"

namespace berth::http {

class Loop;

using LoopTime = std::chrono::steady_clock::time_point;

/// What a loop knows of a connection. Threading: the loop's thread.
class LoopMember {
 public:
  virtual ~LoopMember() = default;
  /// The time set as due has passed. Called once, until the next is set.
  virtual void on_due() = 0;
  /// The server drains: a connection between two requests ends, others end after their answer.
  virtual void on_drain() = 0;
  /// The time for draining is over.
  virtual void on_cut() = 0;
  /// A tick after look_again(). False if it is not at rest yet, and wants to be told at the next tick.
  virtual bool on_look() { return true; }
  /// Asks it, after look_again(), to go on on another loop. True if it will.
  virtual bool on_move(Loop& to) {
    (void)to;
    return false;
  }

 private:
  friend class Loop;
  LoopTime due_ = LoopTime::max();
  std::size_t index_ = 0;
  std::size_t look_index_ = kNoLook;
  static constexpr std::size_t kNoLook = SIZE_MAX;
};

/// Bytes that a piece of an answer is read into; given back to the loop.
using LoopBuffer = std::unique_ptr<std::byte[]>;

/// Threading: everything but context() and post-safe construction belongs to the thread that runs the context.
class Loop {
 public:
  /// Deadlines are looked at this often, so one may be late by it. An idle loop without connections does not tick.
  static constexpr std::chrono::milliseconds kTick{100};
  static constexpr std::size_t kBufferBytes = 256 * 1024;
  static constexpr std::size_t kPageBytes = 4 * 1024;
  static constexpr std::size_t kHeadEndBytes = 128;

  Loop(Entropy& entropy, ServerMetrics& metrics);

  boost::asio::io_context& context() { return context_; }

  void add(LoopMember& member);
  void remove(LoopMember& member);
  std::size_t member_count() const { return members_.size(); }
  /// Takes part in the balance between `loops`, of which this is the one at `index`. Before any runs; all outlive it.
  void join(LoopBalance& balance, const std::vector<std::unique_ptr<Loop>>& loops, std::size_t index);
  void drain_members();
  void cut_members();

  /// As of the last tick: a system call for each would cost more than the precision is worth.
  LoopTime now() const { return now_; }
  /// `member` is told when `limit` from now has passed, at most two ticks late and never early.
  void set_due(LoopMember& member, std::chrono::milliseconds limit);
  void clear_due(LoopMember& member) { member.due_ = LoopTime::max(); }
  /// `member` has just had something to do.
  void look_again(LoopMember& member) {
    if (member.look_index_ != LoopMember::kNoLook) return;
    member.look_index_ = looks_.size();
    looks_.push_back(&member);
  }

  std::string_view date() const { return date_; }
  std::string new_request_id();
  /// What every answer of HTTP/1 ends its head with: Date, a new X-Request-Id and the empty line; appended to `out`,
  /// which has room for kHeadEndBytes. Returns how many.
  std::size_t write_head_end(char* out);
  LoopBuffer borrow_buffer();
  void give_back(LoopBuffer buffer);
  /// A piece of kPageBytes to receive heads into, held only while there is one.
  std::unique_ptr<char[]> borrow_page();
  void give_back(std::unique_ptr<char[]> page);

  void count_received(std::size_t bytes) { received_ += bytes; }
  void count_sent(std::size_t bytes) { sent_ += bytes; }

 private:
  /// The kernel's randomness by the page: one call for many ids.
  class BufferedEntropy final : public Entropy {
   public:
    explicit BufferedEntropy(Entropy& source) : source_(source) {}
    void fill(std::span<std::byte> bytes) override;

   private:
    Entropy& source_;
    std::byte bytes_[2048];
    std::size_t used_ = sizeof bytes_;
  };

  void arm();
  void tick();
  void look();
  void forget_look(LoopMember& member);
  void balance();
  void refresh_time();
  void flush_counts();

  // Fixed before it runs.
  ServerMetrics& metrics_;
  LoopBalance* balance_ = nullptr;
  const std::vector<std::unique_ptr<Loop>>* loops_ = nullptr;
  std::size_t index_ = 0;
  // Loop thread only.
  BufferedEntropy entropy_;
  std::vector<LoopMember*> members_;
  std::vector<LoopMember*> looks_;  ///< that look_again() named
  LoopTime now_;
  /// Of its thread, when the balance was looked at last.
  std::chrono::nanoseconds used_before_{0};
  LoopTime looked_at_;
  LoopTime earliest_due_ = LoopTime::max();  ///< no member is due before it
  std::int64_t date_second_ = 0;
  std::string date_;
  std::string head_end_;  ///< "Date: ...\r\nX-Request-Id: "
  std::vector<LoopBuffer> buffers_;
  std::vector<std::unique_ptr<char[]>> pages_;
  std::uint64_t received_ = 0;
  std::uint64_t sent_ = 0;
  bool is_ticking_ = false;
  // Last: its destructor ends coroutines that use what stands above.
  boost::asio::io_context context_;
  boost::asio::steady_timer timer_;
};

/// "Tue, 15 Nov 1994 08:12:31 GMT" (RFC 9110, 5.6.7).
void append_http_date(std::string& text, std::int64_t unix_seconds);

}  // namespace berth::http
