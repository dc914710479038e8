// RowPlace: "12 sha256:...": the row of a repository and a digest behind which a page begins.
#pragma once

#include <charconv>
#include <optional>
#include <string>
#include <string_view>

#include "content/digest.h"
#include "metadata/sqlite/transactions.h"

namespace berth::sqlite {

struct RowPlace {
  RepositoryId repository = 0;
  std::optional<Digest> digest = {};  ///< nothing: the beginning
};

inline std::string to_text(RepositoryId repository, const Digest& digest) {
  return std::to_string(repository) + ' ' + digest.to_string();
}

/// Anything else is the beginning.
inline RowPlace place_at(std::string_view text) {
  RowPlace place;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), place.repository);
  if (error != std::errc() || end == text.data() + text.size()) return {};
  const Result<Digest> digest = Digest::parse(text.substr(static_cast<std::size_t>(end - text.data()) + 1));
  return digest ? RowPlace{place.repository, *digest} : RowPlace{};
}

}  // namespace berth::sqlite
