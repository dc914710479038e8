// What the tests of migration share: a volume of Distribution, and Berth's stores over it.
#pragma once

#include <gtest/gtest.h>

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "metadata/sqlite/sqlite_metadata_store.h"
#include "migration/adopter.h"
#include "migration/link_exporter.h"
#include "storage/filesystem/filesystem_storage.h"
#include "tests/support/distribution_volume.h"
#include "tests/support/run_task.h"

namespace berth {

class MigrationTest : public testing::Test {
 protected:
  MigrationTest() {
    std::filesystem::create_directories(volume_.path("berth"));
    open();
  }

  void open() {
    metadata_.reset();
    metadata_.emplace(SqliteOptions{.path = volume_.path("berth/metadata.db")});
  }

  Adopter adopter(AdopterOptions options = {}) {
    return Adopter({.tree = storage_.links(),
                    .files = storage_.files(),
                    .blobs = storage_.blobs(),
                    .store = metadata_->adoption(),
                    .links = &metadata_->links(),
                    .scrub = &metadata_->scrub(),
                    .digest_locks = locks_,
                    .disk = disk_,
                    .clock = clock_,
                    .log = *log_},
                   options);
  }
  LinkExporter exporter() {
    return LinkExporter({.tree = storage_.links(),
                         .links = metadata_->links(),
                         .adoption = metadata_->adoption(),
                         .scrub = metadata_->scrub(),
                         .files = storage_.files(),
                         .blobs = storage_.blobs(),
                         .digest_locks = locks_,
                         .clock = clock_,
                         .log = *log_,
                         .copy_manifests = {}},
                        {.batch_size = 3});
  }

  /// From the beginning to the end. In small pieces, so that borders are crossed.
  AdoptionRecord adopt(AdoptionKind kind = AdoptionKind::first, AdopterOptions options = {.batch_size = 2}) {
    run_task(metadata_->adoption().begin_adoption(kind, clock_.now()));
    Adopter one = adopter(options);
    // Whoever writes a volume in a test has done it a moment ago.
    EXPECT_TRUE(run_task(one.run({.kind = kind, .began = WallTime::max()})));
    return run_task(metadata_->adoption().adoption(kind)).value();
  }
  ExportReport export_links(LinkAction action = LinkAction::write) {
    LinkExporter one = exporter();
    ExportRun run{.action = action};
    run.on_difference = [this](const std::string& what) { differences_.push_back(what); };
    return run_task(one.run(std::move(run)));
  }

  std::vector<std::pair<ProblemKind, std::string>> problems() {
    std::vector<std::pair<ProblemKind, std::string>> all;
    for (const AdoptionProblem& each : run_task(metadata_->adoption().problems(0, 1'000))) {
      all.emplace_back(each.kind, each.item);
    }
    return all;
  }

  static RepositoryName name(std::string_view text) { return RepositoryName::parse(text).value(); }
  static Tag tag(std::string_view text) { return Tag::parse(text).value(); }
  static Digest digest(std::string_view text) { return DistributionVolume::digest(text); }

  std::optional<Digest> named_by(const std::string& repository, const std::string& of) {
    const auto found = run_task(metadata_->find_tagged_manifest(name(repository), tag(of)));
    return found ? std::optional(found->digest) : std::nullopt;
  }
  bool has_manifest(const std::string& repository, const Digest& of) {
    return run_task(metadata_->find_manifest(name(repository), of)).has_value();
  }
  bool has_blob(const std::string& repository, const Digest& of) {
    return run_task(metadata_->find_blob(name(repository), of)).has_value();
  }
  /// As a client pushes it; its blobs are linked already.
  Digest push_manifest(const std::string& repository, const std::string& text, const std::string& under) {
    const WallTime now = clock_.now();
    PutManifest put{.repository = name(repository),
                    .digest = digest(text),
                    .media_type = "application/vnd.oci.image.manifest.v1+json",
                    .artifact_type = "",
                    .subject = std::nullopt,
                    .annotations = {},
                    .bytes = SharedBytes(text),
                    .references = {},
                    .tags = {tag(under)},
                    .limits = {},
                    .who = "alice",
                    .now = now,
                    .promised_until = now,
                    .review_due = now};
    run_task(metadata_->put_manifest(std::move(put)));
    return digest(text);
  }
  void push_blob(const std::string& repository, const std::string& text) {
    volume_.put_blob(text);
    const WallTime now = clock_.now();
    run_task(metadata_->commit_blob({.repository = name(repository),
                                     .digest = digest(text),
                                     .size_bytes = text.size(),
                                     .upload = std::nullopt,
                                     .now = now,
                                     .promised_until = now,
                                     .review_due = now}));
  }

  DistributionVolume volume_;
  SystemClock clock_;
  SystemEntropy entropy_;
  const std::unique_ptr<Log> log_ = make_log({.level = LogLevel::error});
  BlockingPool disk_{"disk", 2, 64};
  FilesystemStorage storage_{{.root = volume_.root()}, disk_, entropy_};
  KeyLock locks_;
  std::optional<SqliteMetadataStore> metadata_;
  std::vector<std::string> differences_;
};

}  // namespace berth
