#include "api/exchange.h"

#include "registry/alias_book.h"

namespace berth {

RepositoryName real_name(const ApiParts& api, const RepositoryName& name) {
  return api.aliases == nullptr ? name : api.aliases->resolve(name);
}

}  // namespace berth
