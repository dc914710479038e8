// DistributionVolume: the files of a registry of CNCF Distribution, made by hand, for tests of what reads and writes
// them.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "content/digest.h"
#include "storage/layout.h"
#include "tests/support/temporary_directory.h"

namespace berth {

class DistributionVolume {
 public:
  static Digest digest(std::string_view text) { return digest_of(HashAlgorithm::sha256, text); }

  std::string root() const { return directory_.file("root"); }
  std::filesystem::path path(const std::string& below) const { return std::filesystem::path(root()) / below; }

  void write(const std::string& below, std::string_view text) const {
    std::filesystem::create_directories(path(below).parent_path());
    std::ofstream(path(below), std::ios::binary) << text;
  }
  std::string read(const std::string& below) const {
    std::ifstream file(path(below), std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  bool exists(const std::string& below) const { return std::filesystem::exists(path(below)); }

  Digest put_blob(std::string_view text) const {
    write(layout::blob_path(digest(text)), text);
    return digest(text);
  }
  void link_layer(const std::string& repository, const Digest& layer) const {
    write(layout::layer_path(repository, layer) + "/link", layer.to_string());
  }
  void link_revision(const std::string& repository, const Digest& manifest) const {
    write(layout::revision_path(repository, manifest) + "/link", manifest.to_string());
  }
  void link_tag(const std::string& repository, const std::string& tag, const Digest& manifest) const {
    const std::string own = layout::tag_path(repository, tag);
    write(own + "/index/sha256/" + manifest.hex() + "/link", manifest.to_string());
    write(own + "/current/link", manifest.to_string());
  }

  /// An image of one config and these layers, pushed under the tag (none: by its digest).
  Digest push(const std::string& repository, const std::vector<std::string>& layers, const std::string& tag = {},
              const std::string& note = {}) const {
    const Digest config = put_blob("{}");
    link_layer(repository, config);
    std::string text = R"({"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":)" +
                       descriptor("application/vnd.oci.image.config.v1+json", "{}") + R"(,"layers":[)";
    for (std::size_t i = 0; i < layers.size(); ++i) {
      link_layer(repository, put_blob(layers[i]));
      text += (i > 0 ? "," : "") + descriptor("application/vnd.oci.image.layer.v1.tar", layers[i]);
    }
    text += R"(],"annotations":{"note":")" + note + R"("}})";
    const Digest manifest = put_blob(text);
    link_revision(repository, manifest);
    if (!tag.empty()) link_tag(repository, tag, manifest);
    return manifest;
  }

 private:
  static std::string descriptor(const std::string& type, std::string_view content) {
    return R"({"mediaType":")" + type + R"(","digest":")" + digest(content).to_string() + R"(","size":)" +
           std::to_string(content.size()) + "}";
  }

  TemporaryDirectory directory_;
};

}  // namespace berth
