#include "tests/bench/load/content.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <cstring>
#include <random>
#include <stdexcept>

namespace berth::bench {

std::string sha256_digest(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> hash;
  unsigned length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), hash.data(), &length, EVP_sha256(), nullptr) != 1) {
    throw std::runtime_error("SHA-256 failed");
  }
  std::string digest = "sha256:";
  for (unsigned i = 0; i < length; ++i) digest += fmt::format("{:02x}", hash[i]);
  return digest;
}

Blob make_blob(std::uint64_t seed, std::size_t size) {
  std::mt19937_64 random(seed);
  Blob blob;
  blob.bytes.resize(size);
  for (std::size_t at = 0; at < size; at += sizeof(std::uint64_t)) {
    const std::uint64_t word = random();
    std::memcpy(blob.bytes.data() + at, &word, std::min(sizeof(word), size - at));
  }
  blob.digest = sha256_digest(blob.bytes);
  return blob;
}

std::string make_manifest(const Blob& config, const std::vector<Blob>& layers) {
  std::string text = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json",)"
      R"("config":{{"mediaType":"application/vnd.oci.image.config.v1+json","digest":"{}","size":{}}},"layers":[)",
      config.digest, config.bytes.size());
  for (std::size_t i = 0; i < layers.size(); ++i) {
    text += fmt::format(R"({}{{"mediaType":"application/vnd.oci.image.layer.v1.tar","digest":"{}","size":{}}})",
                        i == 0 ? "" : ",", layers[i].digest, layers[i].bytes.size());
  }
  return text + "]}";
}

std::string with_annotation(std::string_view manifest, std::string_view value) {
  manifest.remove_suffix(1);
  return fmt::format(R"({},"annotations":{{"bench.number":"{}"}}}})", manifest, value);
}

}  // namespace berth::bench
