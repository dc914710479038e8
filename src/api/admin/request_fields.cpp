#include "api/admin/request_fields.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <utility>

#include "content/media_type.h"
#include "content/printable.h"

namespace berth::admin {
namespace {

constexpr JsonLimits kLimits{.nesting_depth = 8, .value_count = 10'000};
constexpr std::string_view kJson = "application/json";

std::unexpected<Error> too_large() {
  return refuse(ErrorCode::request_invalid, fmt::format("the body has more than {} bytes", kBodyLimitBytes));
}

bool is_json(const http::Request& request) {
  std::string_view type = request.headers.find("Content-Type").value_or("");
  type = type.substr(0, type.find(';'));
  while (type.ends_with(' ')) type.remove_suffix(1);
  return equals_ignoring_case(type, kJson);
}

}  // namespace

Task<Result<std::string>> read_json_body(http::Request& request) {
  std::string body;
  const bool has_body = !request.content_length || *request.content_length > 0;
  if (!has_body) co_return body;
  if (!is_json(request)) co_return refuse(ErrorCode::request_invalid, "Content-Type: must be application/json");
  if (request.content_length && *request.content_length > kBodyLimitBytes) co_return too_large();
  std::array<std::byte, 4096> piece;  // NOLINT(cppcoreguidelines-pro-type-member-init): read into
  for (;;) {
    const std::size_t count = co_await request.body->read(piece);
    if (count == 0) co_return body;
    if (body.size() + count > kBodyLimitBytes) co_return too_large();
    body.append(reinterpret_cast<const char*>(piece.data()), count);
  }
}

Task<Result<void>> read_no_fields(http::Request& request) {
  const Result<std::string> body = co_await read_json_body(request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  co_return fields.finish();
}

Result<std::uint64_t> read_number(std::string_view text, std::string_view what) {
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return refuse(ErrorCode::request_invalid, std::string(what) + ": is not a number", {std::string(what)});
}

RequestFields::RequestFields(std::string_view body) {
  Result<JsonDocument> document = JsonDocument::parse(body.empty() ? std::string_view("{}") : body, kLimits);
  if (!document) {
    error_ = Error{.code = ErrorCode::request_invalid, .message = "body: " + document.error().message};
    return;
  }
  document_ = *std::move(document);
  if (document_->root().kind() != JsonKind::object) {
    error_ = Error{.code = ErrorCode::request_invalid, .message = "body: is not an object"};
  }
}

void RequestFields::refuse_field(std::string_view name, std::string_view why) {
  if (error_) return;
  error_ = Error{
      .code = ErrorCode::request_invalid, .message = fmt::format("{}: {}", name, why), .subjects = {std::string(name)}};
}

std::optional<JsonValue> RequestFields::take(std::string_view name) {
  known_.push_back(name);
  if (error_) return std::nullopt;
  std::optional<JsonValue> value = document_->root().find(name);
  if (value && value->is_null()) return std::nullopt;
  return value;
}

std::string RequestFields::text(std::string_view name) {
  std::optional<std::string> text = optional_text(name);
  if (!text) refuse_field(name, "is missing");
  return std::move(text).value_or("");
}

std::optional<std::string> RequestFields::optional_text(std::string_view name) {
  const std::optional<JsonValue> value = take(name);
  if (!value) return std::nullopt;
  const std::optional<std::string_view> text = value->as_string();
  if (!text) {
    refuse_field(name, "is not a string");
    return std::nullopt;
  }
  return std::string(*text);
}

std::optional<bool> RequestFields::optional_flag(std::string_view name) {
  const std::optional<JsonValue> value = take(name);
  if (!value) return std::nullopt;
  const std::optional<bool> flag = value->as_boolean();
  if (!flag) refuse_field(name, "is not true or false");
  return flag;
}

std::optional<std::uint64_t> RequestFields::optional_number(std::string_view name) {
  const std::optional<JsonValue> value = take(name);
  if (!value) return std::nullopt;
  const std::optional<std::uint64_t> number = value->as_whole_number();
  if (!number) refuse_field(name, "is not a whole number");
  return number;
}

std::vector<std::string> RequestFields::texts(std::string_view name) {
  std::vector<std::string> all;
  const std::optional<JsonValue> value = take(name);
  if (!value) return all;
  if (value->kind() != JsonKind::array) {
    refuse_field(name, "is not a list");
    return all;
  }
  for (std::optional<JsonValue> element = value->first_child(); element; element = element->next_sibling()) {
    const std::optional<std::string_view> text = element->as_string();
    if (!text) refuse_field(fmt::format("{}[{}]", name, all.size()), "is not a string");
    all.emplace_back(text.value_or(""));
  }
  return all;
}

Result<void> RequestFields::finish() {
  if (!error_) {
    for (std::optional<JsonValue> member = document_->root().first_child(); member; member = member->next_sibling()) {
      if (std::ranges::find(known_, member->key()) == known_.end())
        refuse_field(printable(member->key()), "is not a field of this");
    }
  }
  if (error_) return std::unexpected(*std::move(error_));
  return {};
}

}  // namespace berth::admin
