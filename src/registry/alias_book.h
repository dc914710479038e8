// AliasBook: which names stand for a repository that was renamed, in memory.
#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>

#include "async/task.h"
#include "base/clock.h"
#include "metadata/repository_store.h"

namespace berth {

/// Requests ask it for each name, so asking costs a pointer while nothing was renamed.
///
/// Threading: any thread. Lifetime: the store outlives it.
class AliasBook {
 public:
  AliasBook(RepositoryStore& store, const Clock& clock) : store_(store), clock_(clock) {}

  /// What the name stands for; itself, if it is no alias.
  RepositoryName resolve(const RepositoryName& name) const;

  /// Reads the aliases again. At the start, and after each change of them.
  Task<> load();

  /// Even while nothing is being renamed. A name that was resolved under one number means the same until that number
  /// changes.
  std::uint64_t generation() const { return generation_.load(); }

  /// While this lives the meaning of names is about to change: generation() is odd.
  class Change {
   public:
    explicit Change(AliasBook& book) : book_(book) { ++book_.generation_; }
    ~Change() { ++book_.generation_; }
    Change(const Change&) = delete;
    Change& operator=(const Change&) = delete;

   private:
    AliasBook& book_;
  };

 private:
  using Aliases = std::map<RepositoryName, RepositoryAlias>;

  RepositoryStore& store_;
  const Clock& clock_;
  std::atomic<std::uint64_t> generation_{0};
  std::atomic<bool> is_empty_{true};
  mutable std::mutex mutex_;
  std::shared_ptr<const Aliases> aliases_;  ///< guarded by mutex_
};

}  // namespace berth
