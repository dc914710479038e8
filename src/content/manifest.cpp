#include "content/manifest.h"

#include <algorithm>
#include <utility>

#include "content/descriptor.h"
#include "content/json_document.h"
#include "content/json_fields.h"
#include "content/printable.h"

namespace berth {
namespace {

constexpr std::uint64_t kSchemaVersion = 2;

std::string accepted_types() {
  std::string types;
  for (const std::string_view type : {media_type::kOciManifest, media_type::kOciIndex, media_type::kDockerManifest,
                                      media_type::kDockerManifestList}) {
    if (!types.empty()) types += ", ";
    types += type;
  }
  return types;
}

bool is_docker_type(std::string_view type) {
  return type == media_type::kDockerManifest || type == media_type::kDockerManifestList;
}

bool is_schema1_type(std::string_view type) {
  return type == "application/vnd.docker.distribution.manifest.v1+json" ||
         type == "application/vnd.docker.distribution.manifest.v1+prettyjws";
}

constexpr std::string_view kSchema1Refusal =
    "Docker's image manifest schema1 is obsolete and not accepted; push with a client that writes schema 2 or OCI";

Result<void> check_type(std::string_view where, std::string_view type) {
  if (is_manifest_type(type)) return {};
  if (is_schema1_type(type)) return refuse_field(where, kSchema1Refusal);
  return refuse_field(where, "\"" + printable(type) + "\" is not a manifest type; accepted are " + accepted_types());
}

// The type to store: the request's, which the body must not contradict, or else the body's.
Result<std::string> choose_media_type(const JsonValue& root, std::string_view content_type) {
  Result<std::optional<std::string>> stated = read_media_type(root, "", "mediaType");
  if (!stated) return std::unexpected(std::move(stated.error()));
  if (content_type.empty()) {
    if (!*stated) return refuse_field("mediaType", "missing, and the request has no Content-Type");
    if (Result<void> type = check_type("mediaType", **stated); !type) return std::unexpected(type.error());
    return std::move(**stated);
  }
  if (*stated && **stated != content_type) {
    return refuse_field("mediaType",
                        "\"" + printable(**stated) + "\" is not the Content-Type \"" + printable(content_type) + "\"");
  }
  // OCI made the field optional; Docker's types always have it, and a body without it is of another kind.
  if (!*stated && is_docker_type(content_type)) return refuse_field("mediaType", "missing");
  return std::string(content_type);
}

Result<void> check_schema_version(const JsonValue& root) {
  const std::optional<JsonValue> field = find_field(root, "schemaVersion");
  if (!field) return refuse_field("schemaVersion", "missing");
  const std::optional<std::uint64_t> version = field->as_whole_number();
  if (version == kSchemaVersion) return {};
  if (version == 1U) return refuse_field("schemaVersion", kSchema1Refusal);
  return refuse_field("schemaVersion", "not 2");
}

// A body that is an image to one reader and an index to another must not get in (CVE-2021-41190).
Result<void> check_kind(const JsonValue& root, ManifestKind kind) {
  if (kind == ManifestKind::image) {
    if (find_field(root, "manifests")) return refuse_field("manifests", "an image manifest must not have it");
    return {};
  }
  for (const std::string_view name : {"config", "layers"}) {
    if (find_field(root, name)) return refuse_field(name, "an index must not have it");
  }
  return {};
}

// As Distribution does: clients are sent there, so only what they can fetch, and nothing that hides a second meaning.
Result<void> check_layer_urls(const Descriptor& layer) {
  for (std::size_t i = 0; i < layer.urls.size(); ++i) {
    const std::string& url = layer.urls[i];
    const bool is_web = url.starts_with("https://") || url.starts_with("http://");
    if (!is_web || url.find('#') != std::string::npos) {
      return refuse_field(element_path(layer.field + ".urls", i), "not an http or https URL without a fragment");
    }
  }
  return {};
}

// Reads the fields of one manifest into `manifest_`, counting descriptors as it goes.
class Reader {
 public:
  Reader(const JsonValue& root, Manifest& manifest, const ManifestLimits& limits)
      : root_(root), manifest_(manifest), limits_(limits) {}

  Result<void> read() {
    if (Result<void> done = check_kind(root_, manifest_.kind); !done) return done;
    if (Result<void> done = manifest_.kind == ManifestKind::image ? read_image() : read_index(); !done) return done;
    if (Result<void> done = read_optional("subject", manifest_.subject); !done) return done;

    Result<std::optional<std::string>> artifact_type = read_media_type(root_, "", "artifactType");
    if (!artifact_type) return std::unexpected(std::move(artifact_type.error()));
    if (*artifact_type) {
      manifest_.artifact_type = std::move(**artifact_type);
    } else if (manifest_.config) {
      manifest_.artifact_type = manifest_.config->media_type;
    }

    Result<std::map<std::string, std::string>> annotations = read_string_map(root_, "", "annotations");
    if (!annotations) return std::unexpected(std::move(annotations.error()));
    manifest_.annotations = std::move(*annotations);
    return {};
  }

 private:
  Result<void> read_image() {
    if (Result<void> done = read_optional("config", manifest_.config); !done) return done;
    if (!manifest_.config) return refuse_field("config", "missing");
    if (Result<void> done = read_list("layers", manifest_.layers); !done) return done;
    for (const Descriptor& layer : manifest_.layers) {
      if (Result<void> urls = check_layer_urls(layer); !urls) return urls;
    }
    return {};
  }

  Result<void> read_index() {
    // `null` is what Go writes for an empty list; an index without the field at all is something else.
    if (!root_.find("manifests")) return refuse_field("manifests", "missing");
    return read_list("manifests", manifest_.manifests);
  }

  Result<void> read_optional(std::string_view name, std::optional<Descriptor>& out) {
    const std::optional<JsonValue> field = find_field(root_, name);
    if (!field) return {};
    Result<Descriptor> descriptor = read_counted(*field, std::string(name));
    if (!descriptor) return std::unexpected(std::move(descriptor.error()));
    out = std::move(*descriptor);
    return {};
  }

  Result<void> read_list(std::string_view name, std::vector<Descriptor>& out) {
    const std::optional<JsonValue> field = find_field(root_, name);
    if (!field) return {};
    if (field->kind() != JsonKind::array) return refuse_field(name, "not a list");
    for (std::optional<JsonValue> element = field->first_child(); element; element = element->next_sibling()) {
      Result<Descriptor> descriptor = read_counted(*element, element_path(name, out.size()));
      if (!descriptor) return std::unexpected(std::move(descriptor.error()));
      out.push_back(std::move(*descriptor));
    }
    return {};
  }

  Result<Descriptor> read_counted(const JsonValue& value, std::string field) {
    if (++descriptor_count_ > limits_.descriptor_count) {
      return refuse_field(field, "more than " + std::to_string(limits_.descriptor_count) + " descriptors");
    }
    return read_descriptor(value, std::move(field));
  }

  const JsonValue& root_;
  Manifest& manifest_;
  const ManifestLimits& limits_;
  std::size_t descriptor_count_ = 0;
};

}  // namespace

Result<Manifest> Manifest::parse(std::string_view bytes, std::string_view content_type, const ManifestLimits& limits) {
  if (!content_type.empty()) {
    if (Result<void> type = check_type("Content-Type", content_type); !type) return std::unexpected(type.error());
  }
  const JsonLimits json_limits{.nesting_depth = limits.nesting_depth, .value_count = limits.json_value_count};
  const Result<JsonDocument> document = JsonDocument::parse(bytes, json_limits);
  if (!document) return std::unexpected(document.error());
  const JsonValue root = document->root();
  if (root.kind() != JsonKind::object) return refuse(ErrorCode::manifest_invalid, "not a JSON object");

  // Before the type: a schema1 body has no mediaType, and its pusher should read why.
  if (Result<void> version = check_schema_version(root); !version) return std::unexpected(version.error());
  Result<std::string> type = choose_media_type(root, content_type);
  if (!type) return std::unexpected(std::move(type.error()));

  Manifest manifest{.kind = is_index_type(*type) ? ManifestKind::index : ManifestKind::image,
                    .media_type = std::move(*type),
                    .artifact_type = {},
                    .config = {},
                    .layers = {},
                    .manifests = {},
                    .subject = {},
                    .annotations = {}};
  if (Result<void> fields = Reader(root, manifest, limits).read(); !fields) return std::unexpected(fields.error());
  return manifest;
}

std::optional<Digest> find_platform_child(const Manifest& index, std::string_view os, std::string_view architecture) {
  const auto child = std::ranges::find_if(index.manifests, [&](const Descriptor& descriptor) {
    return descriptor.platform_os == os && descriptor.platform_architecture == architecture;
  });
  if (child == index.manifests.end()) return std::nullopt;
  return child->digest;
}

}  // namespace berth
