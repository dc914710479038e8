#include "metadata/change_numbers.h"

#include <functional>
#include <string>

namespace berth {
namespace {

enum class Kind : std::size_t { tag = 1, tag_list, manifest, link, blob, catalog };

std::size_t mix(std::size_t hash) {
  // The finalizer of MurmurHash3: every bit of the input moves about half of the bits of the result.
  hash ^= hash >> 33;
  hash *= 0xff51afd7ed558ccdULL;
  hash ^= hash >> 33;
  hash *= 0xc4ceb9fe1a85ec53ULL;
  return hash ^ (hash >> 33);
}

std::uint32_t slot_of(Kind kind, std::uint32_t count, std::string_view first, std::string_view second = {}) {
  const std::hash<std::string_view> hash;
  const std::size_t mixed = mix(hash(first) + static_cast<std::size_t>(kind)) + hash(second);
  return static_cast<std::uint32_t>(mix(mixed) % count);
}

std::string_view bytes_of(const Digest& digest) {
  const auto bytes = digest.bytes();
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ChangeNumbers::ChangeNumbers() : numbers_(std::make_unique<std::atomic<std::uint64_t>[]>(kSlotCount)) {}

ChangeNumbers::Mark ChangeNumbers::of_tag(const RepositoryName& repository, const Tag& tag) const {
  return mark(slot_of(Kind::tag, kSlotCount, repository.text(), tag.text()));
}

ChangeNumbers::Mark ChangeNumbers::of_tag_list(const RepositoryName& repository) const {
  return mark(slot_of(Kind::tag_list, kSlotCount, repository.text()));
}

ChangeNumbers::Mark ChangeNumbers::of_manifest(const RepositoryName& repository, const Digest& digest) const {
  return mark(slot_of(Kind::manifest, kSlotCount, repository.text(), bytes_of(digest)));
}

ChangeNumbers::Mark ChangeNumbers::of_link(const RepositoryName& repository, const Digest& digest) const {
  return mark(slot_of(Kind::link, kSlotCount, repository.text(), bytes_of(digest)));
}

ChangeNumbers::Mark ChangeNumbers::of_blob(const Digest& digest) const {
  return mark(slot_of(Kind::blob, kSlotCount, bytes_of(digest)));
}

ChangeNumbers::Mark ChangeNumbers::of_catalog() const {
  return mark(slot_of(Kind::catalog, kSlotCount, {}));
}

void ChangeNumbers::tag_changed(const RepositoryName& repository, const Tag& tag) {
  count(slot_of(Kind::tag, kSlotCount, repository.text(), tag.text()));
}

void ChangeNumbers::tag_list_changed(const RepositoryName& repository) {
  count(slot_of(Kind::tag_list, kSlotCount, repository.text()));
}

void ChangeNumbers::manifest_changed(const RepositoryName& repository, const Digest& digest) {
  count(slot_of(Kind::manifest, kSlotCount, repository.text(), bytes_of(digest)));
}

void ChangeNumbers::link_changed(const RepositoryName& repository, const Digest& digest) {
  count(slot_of(Kind::link, kSlotCount, repository.text(), bytes_of(digest)));
}

void ChangeNumbers::blob_changed(const Digest& digest) {
  count(slot_of(Kind::blob, kSlotCount, bytes_of(digest)));
}

void ChangeNumbers::catalog_changed() {
  count(slot_of(Kind::catalog, kSlotCount, {}));
}

void ChangeNumbers::everything_changed() {
  for (std::uint32_t slot = 0; slot < kSlotCount; ++slot) count(slot);
}

}  // namespace berth
