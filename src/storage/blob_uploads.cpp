#include "storage/blob_uploads.h"

#include <algorithm>

namespace berth {
namespace {

constexpr std::size_t kUploadIdLimit = 128;

bool is_upload_id_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
         c == '.' || c == '=';
}

}  // namespace

Task<SealOutcome> BlobUpload::append_and_seal(std::span<const std::byte> last, HashAlgorithm algorithm) {
  SealOutcome outcome;
  try {
    co_await append(last);
  } catch (...) {
    outcome.append_failure = std::current_exception();
  }
  if (!outcome.append_failure) outcome.digest = co_await seal(algorithm);
  co_return outcome;
}

Result<UploadId> UploadId::parse(std::string_view text) {
  const bool fits = !text.empty() && text.size() <= kUploadIdLimit && std::ranges::all_of(text, is_upload_id_character);
  if (!fits || text == "." || text == "..") return refuse(ErrorCode::upload_unknown, "not the id of an upload");
  return UploadId(std::string(text));
}

std::optional<Hasher> resume_hasher(const UploadProgress& progress) {
  if (progress.durable_offset == 0) return Hasher(progress.algorithm);
  std::optional<Hasher> hasher = Hasher::import_state(progress.hash_state);
  if (hasher && (hasher->algorithm() != progress.algorithm || hasher->size_bytes() != progress.durable_offset)) {
    hasher.reset();
  }
  return hasher;
}

}  // namespace berth
