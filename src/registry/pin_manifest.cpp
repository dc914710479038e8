#include "registry/pin_manifest.h"

#include <fmt/format.h>

#include <utility>
#include <variant>

namespace berth {

Task<Result<Pin>> PinManifest::pin(RepositoryName repository, Reference reference, std::string who, std::string why) {
  if (read_only_.is_on()) co_return refuse(ErrorCode::read_only, "the registry is read-only");
  std::optional<Digest> digest;
  if (const auto* exact = std::get_if<Digest>(&reference)) {
    digest = *exact;
  } else {
    const auto named = co_await metadata_.find_tagged_manifest(repository, std::get<Tag>(reference));
    if (!named) {
      const std::string tag = std::get<Tag>(reference).text();
      co_return refuse(ErrorCode::manifest_unknown, fmt::format("{} has no tag {}", repository.text(), tag), {tag});
    }
    digest = named->digest;
  }
  Pin pin{.repository = std::move(repository),
          .digest = *digest,
          .since = clock_.now(),
          .who = std::move(who),
          .why = std::move(why)};
  if (!co_await pins_.put_pin(pin)) {
    co_return refuse(ErrorCode::manifest_unknown,
                     fmt::format("{} has no manifest {}", pin.repository.text(), digest->to_string()),
                     {digest->to_string()});
  }
  co_return pin;
}

Task<Result<void>> PinManifest::unpin(RepositoryName repository, Digest digest) {
  if (read_only_.is_on()) co_return refuse(ErrorCode::read_only, "the registry is read-only");
  if (!co_await pins_.delete_pin(repository, digest, clock_.now() + policy_.review_grace)) {
    co_return refuse(ErrorCode::not_found, fmt::format("{}@{} is not pinned", repository.text(), digest.to_string()),
                     {digest.to_string()});
  }
  co_return Result<void>();
}

}  // namespace berth
