// ChangeNumbers: how often what a name stands for has changed. Whoever keeps something that was read from the store
// keeps the numbers it depends on, too, and knows by them whether it is still true.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "content/digest.h"
#include "content/media_type.h"
#include "content/repository_name.h"

namespace berth {

/// The order that makes it exact: marks are taken before the store is read, and a change is counted after its commit
/// and before its answer. So what was read together with a mark that stands is what the last acknowledged write left.
///
/// Names share slots by hash: one that changes can make another's mark fall, which costs a read of the store.
///
/// Threading: any thread; no lock.
class ChangeNumbers {
 public:
  ChangeNumbers();

  /// The number of a slot at the time it was taken.
  class Mark {
   public:
    Mark() = default;

   private:
    friend class ChangeNumbers;
    Mark(std::uint32_t slot, std::uint64_t number) : slot_(slot), number_(number) {}
    std::uint32_t slot_ = kNoSlot;
    std::uint64_t number_ = 0;
  };

  /// What a tag names.
  Mark of_tag(const RepositoryName& repository, const Tag& tag) const;
  /// Which tags a repository has.
  Mark of_tag_list(const RepositoryName& repository) const;
  /// Whether a repository holds a manifest.
  Mark of_manifest(const RepositoryName& repository, const Digest& digest) const;
  /// Whether a repository holds a link to a blob.
  Mark of_link(const RepositoryName& repository, const Digest& digest) const;
  /// A blob's bytes, whatever repository links them.
  Mark of_blob(const Digest& digest) const;
  /// Which repositories are listed.
  Mark of_catalog() const;

  /// True if nothing of that slot has changed since the mark was taken. A default mark always stands.
  bool stands(const Mark& mark) const {
    return mark.slot_ == kNoSlot || numbers_[mark.slot_].load(std::memory_order_acquire) == mark.number_;
  }

  void tag_changed(const RepositoryName& repository, const Tag& tag);
  void tag_list_changed(const RepositoryName& repository);
  void manifest_changed(const RepositoryName& repository, const Digest& digest);
  void link_changed(const RepositoryName& repository, const Digest& digest);
  void blob_changed(const Digest& digest);
  void catalog_changed();
  /// Makes every mark fall.
  void everything_changed();

 private:
  static constexpr std::uint32_t kSlotCount = 64 * 1024;
  static constexpr std::uint32_t kNoSlot = UINT32_MAX;

  Mark mark(std::uint32_t slot) const { return {slot, numbers_[slot].load(std::memory_order_acquire)}; }
  void count(std::uint32_t slot) { numbers_[slot].fetch_add(1, std::memory_order_acq_rel); }

  std::unique_ptr<std::atomic<std::uint64_t>[]> numbers_;
};

}  // namespace berth
