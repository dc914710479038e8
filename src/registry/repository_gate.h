// RepositoryGate: holds a request back while the records of its repository are still being made (adoption).
#pragma once

#include "async/task.h"
#include "content/repository_name.h"

namespace berth {

/// Threading: any loop.
class RepositoryGate {
 public:
  enum class Use { read, push };
  virtual ~RepositoryGate() = default;
  /// False: everything is on record, nobody needs to be held back. Quick.
  virtual bool is_watching() const = 0;
  /// Waits for a while until the repository is on record; false if it is not, and must not be looked at as if it was.
  virtual Task<bool> admit(RepositoryName repository, Use use) = 0;
};

}  // namespace berth
