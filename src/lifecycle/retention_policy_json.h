// Reading other registries' policies: every key is known or refused, and the first thing that is wrong is kept.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/json_document.h"

namespace berth {

/// The document of a policy that is to become rules called `import_name` and something; request_invalid if it is too
/// large, not JSON, or the name cannot be one.
Result<JsonDocument> parse_policy(std::string_view json, std::string_view import_name);

/// "<what>: <why>" as the refusal of a policy.
std::unexpected<Error> refuse_policy(std::string message);

/// An object of the document, which must outlive it. After something was wrong, what is read means nothing, and what is
/// wrong later is not kept: one look at `fault` in the end suffices.
class PolicyObject {
 public:
  /// The root.
  PolicyObject(const JsonDocument& document, std::optional<std::string>& fault);

  /// Whatever is not among these is refused.
  void allow_only(std::initializer_list<std::string_view> keys);
  /// There, and not null.
  bool has(std::string_view key) const;

  /// Required.
  std::string text(std::string_view key);
  std::uint64_t number(std::string_view key, std::uint64_t least, std::uint64_t most);
  PolicyObject object(std::string_view key);
  /// Absent: empty.
  std::string text_or_empty(std::string_view key);
  std::vector<std::string> texts(std::string_view key);
  std::vector<PolicyObject> objects(std::string_view key);
  /// Absent: false.
  bool flag(std::string_view key);

  void refuse(std::string_view key, std::string_view reason);
  /// For one of several values of a key.
  void refuse_element(std::string_view key, std::size_t position, std::string_view reason);

 private:
  PolicyObject(std::optional<JsonValue> value, std::string path, std::optional<std::string>& fault);
  std::optional<JsonValue> find(std::string_view key) const;
  void keep(const std::string& field, std::string_view reason);

  std::optional<JsonValue> value_;  // nothing after a refusal
  std::string path_;
  std::optional<std::string>* fault_;
};

}  // namespace berth
