// What a push or delete is told that a protected tag stood in the way of.
#pragma once

#include "base/result.h"
#include "content/repository_name.h"

namespace berth {

inline std::unexpected<Error> refuse_protected(const Tag& tag) {
  return refuse(ErrorCode::denied, "the tag " + tag.text() + " is protected: it can be neither moved nor deleted",
                {tag.text()});
}

}  // namespace berth
