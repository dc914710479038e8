#include "migration/oci_layout.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <memory>
#include <span>

#include "base/failure.h"
#include "content/hasher.h"
#include "migration/file_reader.h"

namespace berth {
namespace {

namespace fs = std::filesystem;

constexpr const char* kRefName = "org.opencontainers.image.ref.name";
constexpr std::uint64_t kIndexLimit = 64U << 20;
constexpr std::uint64_t kManifestLimit = 4U << 20;
constexpr std::size_t kPieceBytes = 1 << 20;

std::string read_file(const std::string& path, std::uint64_t limit) {
  std::error_code error;
  const std::uintmax_t size = fs::file_size(path, error);
  if (error) throw Failure(FailureKind::storage, fmt::format("cannot read {}: {}", path, error.message()));
  if (size > limit) throw Failure(FailureKind::storage, fmt::format("{} is too large", path));
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file) throw Failure(FailureKind::storage, "cannot read " + path);
  return text;
}

boost::json::array manifests_of(const std::string& path) {
  boost::json::error_code error;
  const boost::json::value index = boost::json::parse(read_file(path, kIndexLimit), error);
  if (!error && index.is_object()) {
    const boost::json::value* manifests = index.as_object().if_contains("manifests");
    if (manifests != nullptr && manifests->is_array()) return manifests->as_array();
  }
  throw Failure(FailureKind::storage, fmt::format("{} is no index of an OCI layout", path));
}

/// "v1" of "v1", of "app:v1" and of "registry.example/app:v1".
std::optional<Tag> tag_of(std::string_view name) {
  const std::size_t colon = name.rfind(':');
  if (colon != std::string_view::npos && name.find('/', colon) == std::string_view::npos) name.remove_prefix(colon + 1);
  Result<Tag> tag = Tag::parse(name);
  if (!tag) return std::nullopt;
  return *std::move(tag);
}

std::optional<Digest> digest_in(const boost::json::object& descriptor) {
  const boost::json::value* text = descriptor.if_contains("digest");
  if (text == nullptr || !text->is_string()) return std::nullopt;
  const Result<Digest> digest = Digest::parse(std::string_view(text->as_string()));
  if (!digest) return std::nullopt;
  return *digest;
}

std::optional<std::string> name_in(const boost::json::object& descriptor) {
  const boost::json::value* annotations = descriptor.if_contains("annotations");
  if (annotations == nullptr || !annotations->is_object()) return std::nullopt;
  const boost::json::value* name = annotations->as_object().if_contains(kRefName);
  if (name == nullptr || !name->is_string()) return std::nullopt;
  return std::string(name->as_string());
}

std::vector<SourceRoot> read_roots(const std::string& path) {
  std::vector<SourceRoot> roots;
  for (const boost::json::value& each : manifests_of(path)) {
    if (!each.is_object()) continue;
    const std::optional<Digest> digest = digest_in(each.as_object());
    if (!digest) throw Failure(FailureKind::storage, fmt::format("{}: a manifest has no digest", path));
    auto known = std::ranges::find(roots, *digest, &SourceRoot::digest);
    if (known == roots.end()) known = roots.insert(roots.end(), {.digest = *digest});
    const std::optional<std::string> name = name_in(each.as_object());
    if (const std::optional<Tag> tag = name ? tag_of(*name) : std::nullopt) known->tags.push_back(*tag);
  }
  return roots;
}

void find_layouts(const fs::path& base, const fs::path& at, std::vector<std::string>& found) {
  if (fs::exists(at / "index.json")) {
    found.push_back(at == base ? std::string() : std::string(at.lexically_relative(base)));
    return;
  }
  for (const auto& each : fs::directory_iterator(at)) {
    const std::string name = each.path().filename();
    if (each.is_directory() && !name.starts_with('.') && !name.starts_with('_')) find_layouts(base, each.path(), found);
  }
}

std::optional<FileRegion> open_region(const std::string& path) {
  UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.is_open()) {
    if (errno == ENOENT) return std::nullopt;
    throw failure_from_errno(FailureKind::storage, "cannot open " + path, errno);
  }
  struct stat status;
  if (::fstat(file.get(), &status) != 0) throw failure_from_errno(FailureKind::storage, "cannot read " + path, errno);
  return FileRegion{.file = std::make_shared<const UniqueFd>(std::move(file)),
                    .offset = 0,
                    .length = static_cast<std::uint64_t>(status.st_size)};
}

void write_durably(const std::string& path, const std::function<void(int file)>& write) {
  fs::create_directories(fs::path(path).parent_path());
  const std::string temporary = path + ".tmp";
  const UniqueFd file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.is_open()) throw failure_from_errno(FailureKind::storage, "cannot make " + temporary, errno);
  write(file.get());
  if (::fsync(file.get()) != 0 || ::rename(temporary.c_str(), path.c_str()) != 0) {
    throw failure_from_errno(FailureKind::storage, "cannot write " + path, errno);
  }
}

void write_all(int file, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(file, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) throw failure_from_errno(FailureKind::storage, "cannot write an OCI layout", errno);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
}

std::string blob_name(const Digest& digest) {
  return fmt::format("blobs/{}/{}", digest.algorithm_name(), digest.hex());
}

}  // namespace

OciLayoutSource::OciLayoutSource(std::string directory, BlockingPool& disk)
    : directory_(std::move(directory)), disk_(disk) {}

Task<std::vector<std::string>> OciLayoutSource::repositories() {
  co_return co_await run_blocking(disk_, [this] {
    std::error_code error;
    if (!fs::is_directory(directory_, error)) {
      throw Failure(FailureKind::storage, fmt::format("there is no directory {}", directory_));
    }
    std::vector<std::string> found;
    find_layouts(directory_, directory_, found);
    if (found.empty()) {
      throw Failure(FailureKind::storage, fmt::format("{} holds no OCI layout (index.json)", directory_));
    }
    std::ranges::sort(found);
    return found;
  });
}

Task<std::vector<SourceRoot>> OciLayoutSource::roots(std::string repository) {
  co_return co_await run_blocking(
      disk_, [this, &repository] { return read_roots((fs::path(directory_) / repository / "index.json").string()); });
}

std::string OciLayoutSource::path_of(const std::string& repository, const Digest& digest) const {
  return (fs::path(directory_) / repository / blob_name(digest)).string();
}

Task<std::optional<SourceManifest>> OciLayoutSource::manifest(std::string repository, Digest digest) {
  co_return co_await run_blocking(disk_, [&]() -> std::optional<SourceManifest> {
    const std::string path = path_of(repository, digest);
    std::error_code error;
    if (!fs::exists(path, error)) return std::nullopt;
    return SourceManifest{.bytes = SharedBytes(read_file(path, kManifestLimit))};
  });
}

Task<std::optional<SourceBlob>> OciLayoutSource::blob(std::string repository, Digest digest) {
  std::optional<FileRegion> file =
      co_await run_blocking(disk_, [&] { return open_region(path_of(repository, digest)); });
  if (!file) co_return std::nullopt;
  const std::uint64_t size_bytes = file->length;
  co_return SourceBlob{.bytes = std::make_unique<FileReader>(*std::move(file), disk_), .size_bytes = size_bytes};
}

Task<std::vector<Digest>> OciLayoutSource::referrers(std::string /*repository*/, Digest /*digest*/) {
  co_return std::vector<Digest>();
}

OciLayoutWriter::OciLayoutWriter(std::string directory) : directory_(std::move(directory)) {
  std::error_code error;
  fs::create_directories(directory_, error);
  if (error) throw failure_from_errno(FailureKind::storage, "cannot make " + directory_, error.value());
  const std::string mark = directory_ + "/oci-layout";
  if (!fs::exists(mark)) {
    if (!fs::is_empty(directory_)) {
      throw Failure(FailureKind::storage, fmt::format("{} holds something else than an OCI layout", directory_));
    }
    write_durably(mark, [](int file) {
      write_all(file, std::as_bytes(std::span(std::string_view(R"({"imageLayoutVersion":"1.0.0"})"))));
    });
  }
  load();
}

void OciLayoutWriter::load() {
  const std::string path = directory_ + "/index.json";
  if (!fs::exists(path)) return;
  for (const boost::json::value& each : manifests_of(path)) {
    if (!each.is_object()) continue;
    const boost::json::object& descriptor = each.as_object();
    const std::optional<std::string> name = name_in(descriptor);
    const std::optional<Digest> digest = digest_in(descriptor);
    const bool is_plain = name && digest && descriptor.contains("mediaType") && descriptor.contains("size") &&
                          descriptor.at("mediaType").is_string() && descriptor.at("size").is_number();
    if (is_plain) {
      roots_[*name] = {.media_type = std::string(descriptor.at("mediaType").as_string()),
                       .digest = digest->to_string(),
                       .size_bytes = descriptor.at("size").to_number<std::uint64_t>()};
    } else {
      unnamed_.push_back(boost::json::serialize(each));
    }
  }
}

std::string OciLayoutWriter::blob_path(const Digest& digest) const {
  return directory_ + "/" + blob_name(digest);
}

bool OciLayoutWriter::has_blob(const Digest& digest) const {
  std::error_code error;
  return fs::exists(blob_path(digest), error);
}

void OciLayoutWriter::put_bytes(const Digest& digest, std::string_view bytes) {
  write_durably(blob_path(digest), [bytes](int file) { write_all(file, std::as_bytes(std::span(bytes))); });
}

void OciLayoutWriter::put_blob(const Digest& digest, const FileRegion& region) {
  write_durably(blob_path(digest), [&](int file) {
    Hasher hasher(digest.algorithm());
    std::vector<std::byte> piece(std::min<std::uint64_t>(kPieceBytes, std::max<std::uint64_t>(region.length, 1)));
    for (std::uint64_t position = 0; position < region.length;) {
      const std::uint64_t wanted = std::min<std::uint64_t>(piece.size(), region.length - position);
      const std::size_t count = read_piece_blocking(region, position, std::span(piece).first(wanted));
      if (count == 0) break;
      const std::span<const std::byte> bytes = std::span(piece).first(count);
      hasher.update(bytes);
      write_all(file, bytes);
      position += count;
    }
    if (hasher.digest() != digest) {
      throw Failure(FailureKind::storage, fmt::format("the blob {} is damaged: berth check", digest.to_string()));
    }
  });
}

void OciLayoutWriter::put_root(const Digest& digest, const std::string& media_type, std::uint64_t size_bytes,
                               const std::string& name) {
  roots_[name] = {.media_type = media_type, .digest = digest.to_string(), .size_bytes = size_bytes};
}

void OciLayoutWriter::finish() {
  boost::json::array manifests;
  for (const std::string& descriptor : unnamed_) manifests.push_back(boost::json::parse(descriptor));
  for (const auto& [name, root] : roots_) {
    manifests.push_back(boost::json::object{{"mediaType", root.media_type},
                                            {"digest", root.digest},
                                            {"size", root.size_bytes},
                                            {"annotations", boost::json::object{{kRefName, name}}}});
  }
  const std::string text =
      boost::json::serialize(boost::json::object{{"schemaVersion", 2},
                                                 {"mediaType", "application/vnd.oci.image.index.v1+json"},
                                                 {"manifests", std::move(manifests)}});
  write_durably(directory_ + "/index.json", [&text](int file) { write_all(file, std::as_bytes(std::span(text))); });
}

}  // namespace berth
