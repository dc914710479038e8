#include "content/descriptor.h"

#include <utility>

#include "content/base64.h"
#include "content/json_fields.h"

namespace berth {
namespace {

Result<void> check_data(const JsonValue& value, const Descriptor& descriptor) {
  const std::optional<JsonValue> data = find_field(value, "data");
  if (!data) return {};
  const std::string field = field_path(descriptor.field, "data");
  const std::optional<std::string_view> text = data->as_string();
  if (!text) return refuse_field(field, "not a string");
  const std::optional<std::string> bytes = from_base64(*text);
  if (!bytes) return refuse_field(field, "not base64");
  if (bytes->size() != descriptor.size_bytes) {
    return refuse_field(field, "has " + std::to_string(bytes->size()) + " bytes, the descriptor's size is " +
                                   std::to_string(descriptor.size_bytes));
  }
  if (digest_of(descriptor.digest.algorithm(), *bytes) != descriptor.digest) {
    return refuse_field(field, "does not have the descriptor's digest");
  }
  return {};
}

Result<void> read_platform(const JsonValue& value, Descriptor& descriptor) {
  const std::optional<JsonValue> platform = find_field(value, "platform");
  if (!platform) return {};
  const std::string field = field_path(descriptor.field, "platform");
  if (platform->kind() != JsonKind::object) return refuse_field(field, "not an object");
  Result<std::optional<std::string>> os = read_string(*platform, field, "os");
  if (!os) return std::unexpected(std::move(os.error()));
  Result<std::optional<std::string>> architecture = read_string(*platform, field, "architecture");
  if (!architecture) return std::unexpected(std::move(architecture.error()));
  descriptor.platform_os = std::move(*os);
  descriptor.platform_architecture = std::move(*architecture);
  return {};
}

}  // namespace

Result<Descriptor> read_descriptor(const JsonValue& value, std::string field) {
  if (value.kind() != JsonKind::object) return refuse_field(field, "not an object");

  Result<std::optional<std::string>> media_type = read_media_type(value, field, "mediaType");
  if (!media_type) return std::unexpected(std::move(media_type.error()));
  if (!*media_type) return refuse_field(field_path(field, "mediaType"), "missing");

  const std::optional<JsonValue> digest_field = find_field(value, "digest");
  if (!digest_field) return refuse_field(field_path(field, "digest"), "missing");
  const std::optional<std::string_view> digest_text = digest_field->as_string();
  if (!digest_text) return refuse_field(field_path(field, "digest"), "not a string");
  const Result<Digest> digest = Digest::parse(*digest_text);
  if (!digest) return refuse(digest.error().code, field_path(field, "digest") + ": " + digest.error().message);

  const std::optional<JsonValue> size_field = find_field(value, "size");
  if (!size_field) return refuse_field(field_path(field, "size"), "missing");
  const std::optional<std::uint64_t> size_bytes = size_field->as_whole_number();
  if (!size_bytes) return refuse_field(field_path(field, "size"), "not a whole number from 0 to 2^63-1");

  Result<std::vector<std::string>> urls = read_string_list(value, field, "urls");
  if (!urls) return std::unexpected(std::move(urls.error()));
  // Of no use here, but every Go client would fail to read the manifest back.
  const Result<std::map<std::string, std::string>> annotations = read_string_map(value, field, "annotations");
  if (!annotations) return std::unexpected(annotations.error());

  Descriptor descriptor{.field = std::move(field),
                        .media_type = std::move(**media_type),
                        .digest = *digest,
                        .size_bytes = *size_bytes,
                        .urls = std::move(*urls)};
  if (Result<void> platform = read_platform(value, descriptor); !platform) return std::unexpected(platform.error());
  if (Result<void> data = check_data(value, descriptor); !data) return std::unexpected(data.error());
  return descriptor;
}

}  // namespace berth
