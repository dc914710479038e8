// Manifest: what an image manifest or index says, parsed and checked once at the door. The bytes stored are the bytes
// received; this is only what the registry needs to know of them.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "content/digest.h"
#include "content/media_type.h"

namespace berth {

/// image-spec, descriptor.md. Only what the registry uses.
struct Descriptor {
  std::string field;  ///< where it stands: "config", "layers[2]", "manifests[0]", "subject"
  std::string media_type;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::vector<std::string> urls = {};
  std::optional<std::string> platform_os = {};            ///< of an index's child
  std::optional<std::string> platform_architecture = {};
};

struct ManifestLimits {
  std::size_t nesting_depth = 64;        ///< of JSON arrays and objects
  std::size_t descriptor_count = 10'000; ///< references of one manifest
  std::size_t json_value_count = 500'000;///< bounds the memory of parsing: about 40 bytes for each JSON value
};

struct Manifest {
  ManifestKind kind;
  std::string media_type;                ///< the type it is stored and served as
  std::string artifact_type;             ///< artifactType, else an image's config media type, else empty
  std::optional<Descriptor> config;      ///< images
  std::vector<Descriptor> layers;        ///< images
  std::vector<Descriptor> manifests;     ///< indexes
  std::optional<Descriptor> subject;
  std::map<std::string, std::string> annotations;

  /// Checks, each refusal naming the field: JSON (duplicate keys, invalid UTF-8, depth), schemaVersion 2, mediaType equal to
  /// `content_type` where present (and required for Docker's types), an image without `manifests` and an index without
  /// `config`/`layers`, descriptors with valid digest, size and media type, `data` whose bytes have the descriptor's digest
  /// and size, layer `urls` that are http(s) without a fragment, annotations that are strings. Unknown fields are fine and
  /// null is like absent. `content_type` is without parameters; if empty the body's mediaType decides. An absent `layers` is
  /// an empty one, since artifacts of some clients have none.
  /// Refuses with manifest_invalid (digest_invalid for a descriptor's digest).
  static Result<Manifest> parse(std::string_view bytes, std::string_view content_type, const ManifestLimits& limits = {});
};

/// The child of an index for a platform, the first that fits.
std::optional<Digest> find_platform_child(const Manifest& index, std::string_view os, std::string_view architecture);

}  // namespace berth
