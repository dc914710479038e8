// What the load driver pushes: blobs that no registry has seen before, their digests, and manifests of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace berth::bench {

struct Blob {
  std::string bytes;
  std::string digest;  ///< "sha256:..."
};

std::string sha256_digest(std::string_view bytes);

/// `size` bytes that do not compress and are the same for the same seed.
Blob make_blob(std::uint64_t seed, std::size_t size);

/// An OCI image manifest of a configuration and layers.
std::string make_manifest(const Blob& config, const std::vector<Blob>& layers);

/// The same manifest with an annotation: another digest, the same size for values of the same length.
std::string with_annotation(std::string_view manifest, std::string_view value);

}  // namespace berth::bench
