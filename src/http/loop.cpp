#include "http/loop.h"

#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <iterator>
#include <utility>

namespace berth::http {
namespace {

constexpr std::size_t kKeptBuffers = 4;
constexpr std::size_t kKeptPages = 64;

/// Processor time of the calling thread.
std::chrono::nanoseconds used_by_thread() {
  timespec time{};
  ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
  return std::chrono::seconds(time.tv_sec) + std::chrono::nanoseconds(time.tv_nsec);
}

}  // namespace

Loop::Loop(Entropy& entropy, ServerMetrics& metrics)
    : metrics_(metrics), entropy_(entropy), context_(1), timer_(context_) {
  // Room for what is kept, so that giving back never allocates.
  buffers_.reserve(kKeptBuffers);
  pages_.reserve(kKeptPages);
  refresh_time();
}

void Loop::add(LoopMember& member) {
  member.index_ = members_.size();
  member.due_ = LoopTime::max();
  members_.push_back(&member);
  looks_.reserve(members_.capacity());  // look_again() never allocates
  if (is_ticking_) return;
  refresh_time();
  if (balance_ != nullptr) {
    used_before_ = used_by_thread();
    looked_at_ = now_;
  }
  arm();
}

void Loop::join(LoopBalance& balance, const std::vector<std::unique_ptr<Loop>>& loops, std::size_t index) {
  balance_ = &balance;
  loops_ = &loops;
  index_ = index;
}

void Loop::remove(LoopMember& member) {
  if (member.look_index_ != LoopMember::kNoLook) forget_look(member);
  members_.back()->index_ = member.index_;
  members_[member.index_] = members_.back();
  members_.pop_back();
  if (members_.empty()) flush_counts();
}

void Loop::drain_members() {
  // on_drain() may only wake a connection: it ends, and leaves the list, when its coroutine runs.
  for (LoopMember* member : members_) member->on_drain();
}

void Loop::cut_members() {
  for (LoopMember* member : members_) member->on_cut();
}

void Loop::set_due(LoopMember& member, std::chrono::milliseconds limit) {
  // now_ may be a tick old already, so one is added: never early.
  member.due_ = now_ + kTick + limit;
  earliest_due_ = std::min(earliest_due_, member.due_);
}

std::string Loop::new_request_id() {
  return random_uuid(entropy_);
}

std::size_t Loop::write_head_end(char* out) {
  std::memcpy(out, head_end_.data(), head_end_.size());
  char* at = out + head_end_.size();
  write_random_uuid(entropy_, std::span<char, kUuidLength>(at, kUuidLength));
  at += kUuidLength;
  at = std::ranges::copy(std::string_view("\r\n\r\n"), at).out;
  return static_cast<std::size_t>(at - out);
}

LoopBuffer Loop::borrow_buffer() {
  if (buffers_.empty()) return std::make_unique_for_overwrite<std::byte[]>(kBufferBytes);
  LoopBuffer buffer = std::move(buffers_.back());
  buffers_.pop_back();
  return buffer;
}

void Loop::give_back(LoopBuffer buffer) {
  if (buffers_.size() < kKeptBuffers) buffers_.push_back(std::move(buffer));
}

std::unique_ptr<char[]> Loop::borrow_page() {
  if (pages_.empty()) return std::make_unique_for_overwrite<char[]>(kPageBytes);
  std::unique_ptr<char[]> page = std::move(pages_.back());
  pages_.pop_back();
  return page;
}

void Loop::give_back(std::unique_ptr<char[]> page) {
  if (pages_.size() < kKeptPages) pages_.push_back(std::move(page));
}

void Loop::BufferedEntropy::fill(std::span<std::byte> bytes) {
  if (bytes.size() > sizeof bytes_ - used_) {
    source_.fill(bytes_);
    used_ = 0;
  }
  std::memcpy(bytes.data(), bytes_ + used_, bytes.size());
  used_ += bytes.size();
}

void Loop::arm() {
  is_ticking_ = true;
  timer_.expires_after(kTick);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (!error) tick();
  });
}

void Loop::tick() {
  refresh_time();
  flush_counts();
  if (earliest_due_ <= now_) {
    earliest_due_ = LoopTime::max();
    for (LoopMember* member : members_) {
      if (member->due_ <= now_) {
        member->due_ = LoopTime::max();
        member->on_due();
      }
      earliest_due_ = std::min(earliest_due_, member->due_);
    }
  }
  if (balance_ != nullptr) balance();
  look();
  if (members_.empty()) {
    is_ticking_ = false;
  } else {
    arm();
  }
}

void Loop::forget_look(LoopMember& member) {
  looks_.back()->look_index_ = member.look_index_;
  looks_[member.look_index_] = looks_.back();
  looks_.pop_back();
  member.look_index_ = LoopMember::kNoLook;
}

void Loop::look() {
  // From the end: one that has been looked at makes place for the last.
  for (std::size_t i = looks_.size(); i-- > 0;) {
    LoopMember& member = *looks_[i];
    if (member.on_look()) forget_look(member);
  }
}

void Loop::balance() {
  if (members_.empty()) return balance_->rest(index_);
  const std::chrono::nanoseconds used = used_by_thread();
  const std::chrono::duration<double> passed = now_ - std::exchange(looked_at_, now_);
  const std::chrono::duration<double> busy = used - std::exchange(used_before_, used);
  if (passed.count() <= 0) return;
  const std::optional<LoopMove> move = balance_->look(index_, busy / passed, now_);
  if (!move) return;
  std::uint64_t count = 0;
  bool stays = false;
  for (LoopMember* member : looks_) {
    stays = move->is_half && !stays;
    if (!stays && member->on_move(*(*loops_)[move->to])) ++count;
  }
  metrics_.moved.add(count);
}

void Loop::refresh_time() {
  now_ = std::chrono::steady_clock::now();
  const auto wall = std::chrono::system_clock::now().time_since_epoch();
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(wall).count();
  if (second == date_second_ && !date_.empty()) return;
  date_second_ = second;
  // Into the memory that is there: a hot request allocates nothing, also not the first of a second.
  date_.clear();
  append_http_date(date_, second);
  head_end_.assign("Date: ").append(date_).append("\r\nX-Request-Id: ");
}

void Loop::flush_counts() {
  if (received_ > 0) metrics_.received_bytes.add(std::exchange(received_, 0));
  if (sent_ > 0) metrics_.sent_bytes.add(std::exchange(sent_, 0));
}

void append_http_date(std::string& text, std::int64_t unix_seconds) {
  constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::chrono::sys_seconds time{std::chrono::seconds(unix_seconds)};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(time - day);
  fmt::format_to(std::back_inserter(text), "{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                 kDays[std::chrono::weekday(day).c_encoding()], static_cast<unsigned>(date.day()),
                 kMonths[static_cast<unsigned>(date.month()) - 1], static_cast<int>(date.year()), clock.hours().count(),
                 clock.minutes().count(), clock.seconds().count());
}

}  // namespace berth::http
