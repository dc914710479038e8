#include "async/parker.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace berth {
namespace {

static_assert(sizeof(std::atomic<int>) == sizeof(int) && std::atomic<int>::is_always_lock_free,
              "the kernel looks at the integer itself");

long futex(std::atomic<int>& word, int operation, int value) {
  return ::syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, nullptr, nullptr, 0);
}

}  // namespace

void Parker::park() {
  int expected = kNobody;
  if (state_.compare_exchange_strong(expected, kAsleep, std::memory_order_acquire)) {
    // The kernel may wake for no reason.
    do {
      futex(state_, FUTEX_WAIT, kAsleep);
    } while (state_.load(std::memory_order_acquire) == kAsleep);
  }
  // Reads what came last: of several wake-ups that are taken for one, the last one's words are seen, too.
  state_.exchange(kNobody, std::memory_order_acquire);
}

void Parker::unpark() {
  if (state_.exchange(kWanted, std::memory_order_release) == kAsleep) futex(state_, FUTEX_WAKE, 1);
}

}  // namespace berth
