// ReadOnlyMode: whether the registry may be changed: by the configuration for good, or by an administrator for a while.
#pragma once

#include <atomic>
#include <cstddef>
#include <optional>
#include <utility>

namespace berth {

/// What clients change is refused, and nothing is removed. What goes on behind what was acknowledged (copies of
/// manifests, promises, the purge of old uploads) goes on.
///
/// Threading: any thread. Lifetime: outlives its turns.
/// Crash:     what an administrator switched is kept by the metadata store and set again at the start.
class ReadOnlyMode {
 public:
  /// A write that began before the mode was switched on. Ends with its scope.
  class WriteTurn {
   public:
    explicit WriteTurn(ReadOnlyMode& mode) : mode_(&mode) {}
    WriteTurn(WriteTurn&& other) noexcept : mode_(std::exchange(other.mode_, nullptr)) {}
    WriteTurn& operator=(WriteTurn&&) = delete;
    ~WriteTurn() {
      if (mode_ != nullptr) --mode_->writes_;
    }

   private:
    ReadOnlyMode* mode_;
  };

  explicit ReadOnlyMode(bool is_configured) : is_configured_(is_configured) {}

  bool is_on() const { return is_configured_ || is_switched_on_; }
  /// storage.maintenance.readonly.enabled: nobody can switch it off.
  bool is_configured() const { return is_configured_; }
  void switch_to(bool is_on) { is_switched_on_ = is_on; }

  /// Nothing if the registry is read-only. Once is_on() is true and writes_under_way() was 0, nothing changes any more.
  std::optional<WriteTurn> begin_write() {
    // First the count and then the look, as switching is first the flag and then the look at the count.
    ++writes_;
    WriteTurn turn(*this);
    if (is_on()) return std::nullopt;
    return turn;
  }
  std::size_t writes_under_way() const { return writes_; }

 private:
  const bool is_configured_;
  std::atomic<bool> is_switched_on_{false};
  std::atomic<std::size_t> writes_{0};
};

}  // namespace berth
