#include "registry/alias_book.h"

#include <optional>
#include <utility>

namespace berth {

RepositoryName AliasBook::resolve(const RepositoryName& name) const {
  if (is_empty_.load(std::memory_order_acquire)) return name;
  std::shared_ptr<const Aliases> aliases;
  {
    const std::lock_guard lock(mutex_);
    aliases = aliases_;
  }
  const auto found = aliases->find(name);
  if (found == aliases->end() || found->second.until <= clock_.now()) return name;
  return found->second.repository;
}

Task<> AliasBook::load() {
  constexpr std::size_t kPageSize = 1000;
  auto aliases = std::make_shared<Aliases>();
  std::optional<RepositoryName> after;
  for (;;) {
    Page<RepositoryAlias> page = co_await store_.list_aliases(after, kPageSize);
    if (!page.entries.empty()) after = page.entries.back().name;
    for (RepositoryAlias& alias : page.entries) {
      RepositoryName name = alias.name;
      aliases->emplace(std::move(name), std::move(alias));
    }
    if (!page.has_more) break;
  }
  const bool is_empty = aliases->empty();
  {
    const std::lock_guard lock(mutex_);
    aliases_ = std::move(aliases);
  }
  is_empty_.store(is_empty, std::memory_order_release);
}

}  // namespace berth
