// AtEnd: work that is done when a scope ends, however it ends.
#pragma once

#include <utility>

namespace berth {

/// Runs `work` when it goes: in a coroutine, before that hands its value or its exception on. `work` must not throw.
template <class Work>
class AtEnd {
 public:
  explicit AtEnd(Work work) : work_(std::move(work)) {}
  ~AtEnd() { work_(); }
  AtEnd(const AtEnd&) = delete;
  AtEnd& operator=(const AtEnd&) = delete;

 private:
  Work work_;
};

}  // namespace berth
