#include "api/request_body.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>

#include "base/failure.h"

namespace berth {

namespace {

constexpr std::size_t kPieceBytes = 16 * 1024;

std::unexpected<Error> too_large(std::uint64_t limit_bytes) {
  return refuse(ErrorCode::manifest_too_large, fmt::format("a manifest has at most {} bytes", limit_bytes));
}

}  // namespace

Task<Result<RequestBody>> read_manifest_body(http::Request& request, std::uint64_t limit_bytes, BufferBudget& budget) {
  if (request.content_length && *request.content_length > limit_bytes) co_return too_large(limit_bytes);
  RequestBody body;
  std::uint64_t paid_bytes = 0;
  std::uint64_t next_payment = request.content_length.value_or(0) + kPieceBytes;
  std::array<std::byte, kPieceBytes> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  while (request.body != nullptr) {
    // A body of unknown length is paid for as it comes: twice as much each time, as the string grows.
    if (body.bytes.size() + kPieceBytes > paid_bytes) {
      std::optional<BufferBudget::Share> share = budget.take(next_payment);
      if (!share) throw Failure(FailureKind::overloaded, "no memory is left for another manifest");
      body.shares.push_back(std::move(*share));
      paid_bytes += next_payment;
      next_payment = paid_bytes;
      body.bytes.reserve(static_cast<std::size_t>(std::min(paid_bytes, limit_bytes)));
    }
    const std::size_t count = co_await request.body->read(piece);
    if (count == 0) break;
    if (body.bytes.size() + count > limit_bytes) co_return too_large(limit_bytes);
    body.bytes.append(reinterpret_cast<const char*>(piece.data()), count);
  }
  co_return body;
}

}  // namespace berth
