// RequestFields: the JSON body of a request to the admin API, read strictly: what is wrong is named by its field, and
// so is a field that nobody knows, since a misspelled "expires" must not make a robot that never does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "async/task.h"
#include "base/result.h"
#include "content/json_document.h"
#include "http/request.h"

namespace berth::admin {

inline constexpr std::size_t kBodyLimitBytes = 64 * 1024;

/// The whole body, of application/json and at most kBodyLimitBytes, which is refused before it is read where its length
/// was announced. The type is demanded: a page of another site can make a browser send others with its user's
/// credentials. Throws what reading throws.
Task<Result<std::string>> read_json_body(http::Request& request);

/// The body of a request that has no fields: refused if there are some.
Task<Result<void>> read_no_fields(http::Request& request);

/// A number of the path or the query; a refusal names it.
Result<std::uint64_t> read_number(std::string_view text, std::string_view what);

/// Each read takes a field; the first that is wrong is remembered, and everything after it gives nothing.
class RequestFields {
 public:
  /// `body` outlives it. An empty body is an object without fields.
  explicit RequestFields(std::string_view body);

  /// Refused if it is missing.
  std::string text(std::string_view name);
  std::optional<std::string> optional_text(std::string_view name);
  std::optional<bool> optional_flag(std::string_view name);
  std::optional<std::uint64_t> optional_number(std::string_view name);
  /// Absent: empty.
  std::vector<std::string> texts(std::string_view name);

  /// For what a reader of values finds: "name: ...".
  void refuse_field(std::string_view name, std::string_view why);

  /// After all fields: what was wrong, or a field that was not asked for.
  Result<void> finish();
  bool is_fine() const { return !error_; }

 private:
  std::optional<JsonValue> take(std::string_view name);

  std::optional<JsonDocument> document_;
  std::vector<std::string_view> known_;
  std::optional<Error> error_;
};

}  // namespace berth::admin
