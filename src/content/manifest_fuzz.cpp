// Fuzzes Manifest::parse: the input is a body, offered under every manifest type and without one. Boost's own parser is
// the second opinion on what an accepted body says.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <limits>

#include "content/manifest.h"
#include "tests/support/require.h"

namespace berth {
namespace {

constexpr std::array kTypes{media_type::kOciManifest, media_type::kOciIndex, media_type::kDockerManifest,
                            media_type::kDockerManifestList};

bool is_same(const Descriptor& a, const Descriptor& b) {
  return a.field == b.field && a.media_type == b.media_type && a.digest == b.digest && a.size_bytes == b.size_bytes &&
         a.urls == b.urls && a.platform_os == b.platform_os && a.platform_architecture == b.platform_architecture;
}

bool is_same(const Manifest& a, const Manifest& b) {
  const auto same = [](const Descriptor& x, const Descriptor& y) { return is_same(x, y); };
  const auto both = [&](const std::optional<Descriptor>& x, const std::optional<Descriptor>& y) {
    return x.has_value() == y.has_value() && (!x || is_same(*x, *y));
  };
  return a.kind == b.kind && a.media_type == b.media_type && a.artifact_type == b.artifact_type &&
         both(a.config, b.config) && std::ranges::equal(a.layers, b.layers, same) &&
         std::ranges::equal(a.manifests, b.manifests, same) && both(a.subject, b.subject) &&
         a.annotations == b.annotations;
}

// What was read stands in the document that another parser sees.
void check_descriptor(const Descriptor& descriptor, const boost::json::value& seen) {
  const boost::json::object& object = seen.as_object();
  require(std::string_view(object.at("mediaType").as_string()) == descriptor.media_type, "descriptor media type");
  require(std::string_view(object.at("digest").as_string()) == descriptor.digest.to_string(), "digest goes round");
  require(Digest::parse(descriptor.digest.to_string()) == descriptor.digest, "digest parses again");
  require(object.at("size").to_number<std::uint64_t>() == descriptor.size_bytes, "descriptor size");
  require(descriptor.size_bytes <= std::uint64_t{std::numeric_limits<std::int64_t>::max()}, "size within 2^63-1");
}

void check_list(const std::vector<Descriptor>& list, const boost::json::object& root, const char* name) {
  const boost::json::value* seen = root.if_contains(name);
  const std::size_t count = seen == nullptr || seen->is_null() ? 0 : seen->as_array().size();
  require(count == list.size(), "every element of a list is read");
  for (std::size_t i = 0; i < count; ++i) {
    require(list[i].field == fmt::format("{}[{}]", name, i), "an element knows where it stands");
    check_descriptor(list[i], seen->as_array()[i]);
  }
}

void check_one(const std::optional<Descriptor>& one, const boost::json::object& root, const char* name) {
  const boost::json::value* seen = root.if_contains(name);
  require(one.has_value() == (seen != nullptr && !seen->is_null()), "an optional descriptor is read");
  if (one) check_descriptor(*one, *seen);
}

void check_accepted(const Manifest& manifest, std::string_view body) {
  require(is_manifest_type(manifest.media_type), "stored type");
  require((manifest.kind == ManifestKind::index) == is_index_type(manifest.media_type), "kind fits the type");
  boost::json::parse_options options;
  options.max_depth = ManifestLimits{}.nesting_depth;
  boost::json::error_code error;
  const boost::json::value seen =
      boost::json::parse(boost::json::string_view(body.data(), body.size()), error, {}, options);
  require(!error, "another parser reads it too");
  const boost::json::object& root = seen.as_object();
  check_one(manifest.config, root, "config");
  check_one(manifest.subject, root, "subject");
  check_list(manifest.layers, root, "layers");
  check_list(manifest.manifests, root, "manifests");
  require(manifest.config.has_value() == (manifest.kind == ManifestKind::image), "images have a config, indexes none");
  const boost::json::value* annotations = root.if_contains("annotations");
  const std::size_t count = annotations == nullptr || annotations->is_null() ? 0 : annotations->as_object().size();
  require(manifest.annotations.size() == count, "every annotation is read");
}

void check_refusal(const Error& error) {
  require(error.code == ErrorCode::manifest_invalid || error.code == ErrorCode::digest_invalid, "refusal code");
  require(!error.message.empty() && error.message.size() < 1500, "a refusal has words, and few");
  require(std::ranges::all_of(error.message, [](char c) { return c >= 0x20 && c < 0x7f; }), "a refusal is printable");
}

void check(std::string_view body) {
  const Result<Manifest> by_body = Manifest::parse(body, "");
  if (by_body) {
    check_accepted(*by_body, body);
  } else {
    check_refusal(by_body.error());
  }
  for (const std::string_view type : kTypes) {
    const Result<Manifest> by_type = Manifest::parse(body, type);
    if (!by_type) {
      check_refusal(by_type.error());
      require(!by_body || by_body->media_type != type, "accepted by its own type too");
      continue;
    }
    require(by_type->media_type == type, "stored as the Content-Type");
    check_accepted(*by_type, body);
    require(!by_body || is_same(*by_body, *by_type), "one body, one meaning");
  }
}

}  // namespace
}  // namespace berth

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  berth::check(std::string_view(reinterpret_cast<const char*>(data), size));
  return 0;
}
