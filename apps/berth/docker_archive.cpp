#include "apps/berth/docker_archive.h"

#include <fmt/format.h>

#include <array>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <span>

#include "apps/berth/archive_library.h"
#include "base/failure.h"
#include "content/digest.h"
#include "content/hasher.h"

namespace berth {
namespace {

namespace fs = std::filesystem;
namespace json = boost::json;

constexpr std::size_t kPieceBytes = 256 * 1024;
constexpr std::size_t kIndexLimit = 16U << 20;
constexpr int kFileMode = 0644;
constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr const char* kLayerType = "application/vnd.oci.image.layer.v1.tar";

const ArchiveLibrary& library() {
  return archive_library();
}

[[noreturn]] void fail(const std::string& file, const std::string& what) {
  throw Failure(FailureKind::storage, fmt::format("{}: {}", file, what));
}

struct CloseReader {
  void operator()(archive* reader) const { library().archive_read_free(reader); }
};
struct CloseWriter {
  void operator()(archive* writer) const { library().archive_write_free(writer); }
};

struct FreeEntry {
  void operator()(archive_entry* entry) const { library().archive_entry_free(entry); }
};

std::string read_text(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) fail(path, "cannot be read");
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (text.size() > kIndexLimit) fail(path, "is too large");
  return text;
}

json::value parse(const std::string& text, const std::string& where) {
  json::error_code error;
  json::value value = json::parse(text, error);
  if (error) fail(where, "is no JSON");
  return value;
}

std::string text_in(const json::object& object, const char* name) {
  const json::value* value = object.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// Files of an archive, each under a number: names in there lead nowhere.
class Unpacked {
 public:
  Unpacked(const std::string& file, fs::path directory) : directory_(std::move(directory)) {
    const std::unique_ptr<archive, CloseReader> reader(library().archive_read_new());
    library().archive_read_support_filter_all(reader.get());
    library().archive_read_support_format_tar(reader.get());
    if (library().archive_read_open_filename(reader.get(), file.c_str(), kPieceBytes) != ARCHIVE_OK) {
      fail(file, library().archive_error_string(reader.get()));
    }
    archive_entry* entry = nullptr;
    for (;;) {
      const int read = library().archive_read_next_header(reader.get(), &entry);
      if (read == ARCHIVE_EOF) break;
      if (read != ARCHIVE_OK && read != ARCHIVE_WARN) fail(file, library().archive_error_string(reader.get()));
      const std::string name = plain_name(library().archive_entry_pathname(entry));
      if (const char* link = library().archive_entry_symlink(entry)) {
        links_[name] = plain_name((fs::path(name).parent_path() / link).lexically_normal().string());
      } else if (const char* hard = library().archive_entry_hardlink(entry)) {
        links_[name] = plain_name(hard);
      } else if (library().archive_entry_filetype(entry) == AE_IFREG) {
        write(file, *reader, name);
      }
    }
  }

  /// Where the file of that name lies; empty: there is none.
  fs::path find(std::string name) const {
    constexpr int kMostLinks = 16;
    for (int i = 0; i < kMostLinks; ++i) {
      if (const auto found = files_.find(name); found != files_.end()) return found->second;
      const auto link = links_.find(name);
      if (link == links_.end()) break;
      name = link->second;
    }
    return {};
  }

 private:
  static std::string plain_name(std::string name) {
    while (name.starts_with("./")) name.erase(0, 2);
    return name;
  }

  void write(const std::string& file, archive& reader, const std::string& name) {
    const fs::path path = directory_ / std::to_string(files_.size());
    std::ofstream out(path, std::ios::binary);
    std::array<char, kPieceBytes> piece;
    for (;;) {
      const la_ssize_t count = library().archive_read_data(&reader, piece.data(), piece.size());
      if (count == 0) break;
      if (count < 0) fail(file, library().archive_error_string(&reader));
      out.write(piece.data(), count);
    }
    out.flush();
    if (!out) fail(path, "cannot be written: is the disk of $TMPDIR full?");
    files_[name] = path;
  }

  const fs::path directory_;
  std::map<std::string, fs::path> files_;
  std::map<std::string, std::string> links_;
};

std::pair<Digest, std::uint64_t> digest_of_file(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  Hasher hasher(HashAlgorithm::sha256);
  std::array<char, kPieceBytes> piece;
  while (file) {
    file.read(piece.data(), piece.size());
    hasher.update(std::as_bytes(std::span(piece.data(), static_cast<std::size_t>(file.gcount()))));
  }
  return {hasher.digest(), hasher.size_bytes()};
}

class LayoutMaker {
 public:
  explicit LayoutMaker(fs::path directory) : directory_(std::move(directory)) {
    fs::create_directories(directory_ / "blobs" / "sha256");
  }

  json::object add_file(const fs::path& path, const std::string& media_type) {
    const auto [digest, size] = digest_of_file(path);
    const fs::path to = directory_ / "blobs" / "sha256" / digest.hex();
    // Two images may have one layer, which is moved once.
    if (!fs::exists(to)) fs::rename(path, to);
    moved_[path] = to;
    return {{"mediaType", media_type}, {"digest", digest.to_string()}, {"size", size}};
  }
  fs::path where(const fs::path& path) const {
    const auto found = moved_.find(path);
    return found == moved_.end() ? path : found->second;
  }
  json::object add_text(const std::string& text, const std::string& media_type) {
    const Digest digest = digest_of(HashAlgorithm::sha256, text);
    std::ofstream(directory_ / "blobs" / "sha256" / digest.hex(), std::ios::binary) << text;
    return {{"mediaType", media_type}, {"digest", digest.to_string()}, {"size", text.size()}};
  }
  void finish(json::array manifests) const {
    std::ofstream(directory_ / "oci-layout") << R"({"imageLayoutVersion":"1.0.0"})";
    std::ofstream(directory_ / "index.json")
        << json::serialize(json::object{{"schemaVersion", 2}, {"manifests", std::move(manifests)}});
  }

 private:
  const fs::path directory_;
  std::map<fs::path, fs::path> moved_;
};

/// An archive's tar writer.
class Packing {
 public:
  explicit Packing(const std::string& file) : file_(file), writer_(library().archive_write_new()) {
    library().archive_write_set_format_pax_restricted(writer_.get());
    check(library().archive_write_open_filename(writer_.get(), file.c_str()));
  }

  void add_file(const std::string& name, const fs::path& from) {
    begin(name, fs::file_size(from));
    std::ifstream in(from, std::ios::binary);
    std::array<char, kPieceBytes> piece;
    while (in) {
      in.read(piece.data(), piece.size());
      if (in.gcount() > 0) put(std::span(piece.data(), static_cast<std::size_t>(in.gcount())));
    }
  }
  void add_text(const std::string& name, const std::string& text) {
    begin(name, text.size());
    put(text);
  }
  void finish() { check(library().archive_write_close(writer_.get())); }

 private:
  void begin(const std::string& name, std::uint64_t size_bytes) {
    const std::unique_ptr<archive_entry, FreeEntry> entry(library().archive_entry_new());
    library().archive_entry_set_pathname(entry.get(), name.c_str());
    library().archive_entry_set_size(entry.get(), static_cast<la_int64_t>(size_bytes));
    library().archive_entry_set_filetype(entry.get(), AE_IFREG);
    library().archive_entry_set_perm(entry.get(), kFileMode);
    check(library().archive_write_header(writer_.get(), entry.get()));
  }
  void put(std::span<const char> bytes) {
    if (library().archive_write_data(writer_.get(), bytes.data(), bytes.size()) !=
        static_cast<la_ssize_t>(bytes.size())) {
      fail(file_, library().archive_error_string(writer_.get()));
    }
  }
  void check(int result) {
    if (result != ARCHIVE_OK) fail(file_, library().archive_error_string(writer_.get()));
  }

  const std::string file_;
  const std::unique_ptr<archive, CloseWriter> writer_;
};

std::string hex_of(const std::string& digest) {
  const std::size_t colon = digest.find(':');
  if (!Digest::parse(digest)) throw Failure(FailureKind::storage, "a digest of the layout is damaged: " + digest);
  return digest.substr(colon + 1);
}

}  // namespace

std::vector<ArchivedImage> unpack_docker_archive(const std::string& file, const fs::path& directory) {
  const fs::path parts = directory / "parts";
  fs::create_directories(parts);
  const Unpacked archive(file, parts);
  const fs::path manifest_path = archive.find("manifest.json");
  if (manifest_path.empty()) fail(file, "has no manifest.json: it was not made by docker save");
  const json::value images = parse(read_text(manifest_path), file + ": manifest.json");
  if (!images.is_array()) fail(file, "manifest.json is no list");
  LayoutMaker layout(directory);
  std::vector<ArchivedImage> found;
  json::array manifests;
  for (const json::value& each : images.as_array()) {
    if (!each.is_object()) fail(file, "manifest.json is damaged");
    const json::object& image = each.as_object();
    fs::path config = archive.find(text_in(image, "Config"));
    if (config.empty()) fail(file, "an image has no configuration");
    config = layout.where(config);
    json::array layers;
    if (const json::value* names = image.if_contains("Layers"); names != nullptr && names->is_array()) {
      for (const json::value& name : names->as_array()) {
        fs::path layer = name.is_string() ? archive.find(std::string(name.as_string())) : fs::path();
        if (layer.empty()) fail(file, "a layer is missing");
        layers.push_back(layout.add_file(layout.where(layer), kLayerType));
      }
    }
    const json::object manifest{{"schemaVersion", 2},
                                {"mediaType", "application/vnd.oci.image.manifest.v1+json"},
                                {"config", layout.add_file(config, "application/vnd.oci.image.config.v1+json")},
                                {"layers", std::move(layers)}};
    ArchivedImage made{.names = {}, .layout_name = fmt::format("image{}", found.size())};
    if (const json::value* tags = image.if_contains("RepoTags"); tags != nullptr && tags->is_array()) {
      for (const json::value& tag : tags->as_array()) {
        if (tag.is_string()) made.names.emplace_back(tag.as_string());
      }
    }
    json::object descriptor = layout.add_text(json::serialize(manifest), "application/vnd.oci.image.manifest.v1+json");
    descriptor["annotations"] = json::object{{kRefName, made.layout_name}};
    manifests.push_back(std::move(descriptor));
    found.push_back(std::move(made));
  }
  layout.finish(std::move(manifests));
  return found;
}

void pack_docker_archive(const fs::path& directory, const std::string& file) {
  const json::value index = parse(read_text(directory / "index.json"), directory / "index.json");
  Packing packing(file);
  json::array images;
  std::map<std::string, bool> packed;
  const auto blob = [&directory](const std::string& digest) { return directory / "blobs" / "sha256" / hex_of(digest); };
  for (const json::value& each : index.at("manifests").as_array()) {
    const json::object& descriptor = each.as_object();
    const std::string name = text_in(descriptor.at("annotations").as_object(), kRefName);
    const json::value manifest = parse(read_text(blob(text_in(descriptor, "digest"))), name);
    if (!manifest.is_object() || !manifest.as_object().contains("config")) {
      fail(name, "is an index of several images, which an archive of docker cannot hold: name one by its digest");
    }
    json::array layers;
    const auto add = [&](const std::string& digest, const std::string& as) {
      if (!packed[as]) packing.add_file(as, blob(digest));
      packed[as] = true;
    };
    const std::string config = text_in(manifest.at("config").as_object(), "digest");
    add(config, hex_of(config) + ".json");
    for (const json::value& layer : manifest.at("layers").as_array()) {
      const std::string digest = text_in(layer.as_object(), "digest");
      const std::string as = hex_of(digest) + "/layer.tar";
      add(digest, as);
      layers.emplace_back(as);
    }
    json::array tags;
    if (name.find('@') == std::string::npos) tags.emplace_back(name);
    images.push_back(json::object{
        {"Config", hex_of(config) + ".json"}, {"RepoTags", std::move(tags)}, {"Layers", std::move(layers)}});
  }
  packing.add_text("manifest.json", json::serialize(images));
  packing.finish();
}

ScratchDirectory::ScratchDirectory() {
  std::string pattern = (fs::temp_directory_path() / "berth-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) fail(pattern, "cannot be made");
  path_ = pattern;
}

ScratchDirectory::~ScratchDirectory() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

}  // namespace berth
