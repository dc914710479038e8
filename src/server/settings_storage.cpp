#include <fmt/format.h>

#include "base/byte_count.h"
#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

/// Distribution takes these two keys from a free-form map and compares them with a Go bool, so that a quoted word
/// counts as "something else". Deployments rely on the outcome, not on the intention.
SettingBinding unquoted_flag(bool& target, bool quoted_means, std::string consequence) {
  SettingBinding binding = flag(target);
  binding.read = [read = std::move(binding.read), &target, quoted_means, consequence = std::move(consequence)](
                     const ConfigValue& value, SettingFaults& faults) {
    const bool is_flag = value.is_scalar() && !value.is_quoted() && parse_yaml_flag(value.text()).has_value();
    if (is_flag) return read(value, faults);
    target = quoted_means;
    faults.warn(value,
                fmt::format("{} without quotes; as in Distribution {}",
                            not_a(ConfigValue::scalar(value.to_text(), ConfigValue::Style::text, {}), "true or false"),
                            consequence));
  };
  return binding;
}

std::expected<SpaceReserve, std::string> parse_reserve(std::string_view text) {
  if (text == "auto") return SpaceReserve{};
  if (text.ends_with('%')) {
    const auto percent = parse_yaml_integer(text.substr(0, text.size() - 1));
    if (percent && *percent >= 0 && *percent <= 90) {
      return SpaceReserve{SpaceReserve::Kind::percent, static_cast<std::uint64_t>(*percent)};
    }
  } else if (const auto bytes = parse_byte_count(text)) {
    return SpaceReserve{SpaceReserve::Kind::bytes, *bytes};
  }
  return std::unexpected("\"" + std::string(text) +
                         "\" is not auto, a byte count (like 5GiB) or a percentage (0% to 90%)");
}

std::string show_reserve(const SpaceReserve& reserve) {
  switch (reserve.kind) {
    case SpaceReserve::Kind::automatic:
      return "auto";
    case SpaceReserve::Kind::bytes:
      return format_byte_count(reserve.amount);
    case SpaceReserve::Kind::percent:
      return std::to_string(reserve.amount) + "%";
  }
  return {};
}

/// Distribution warns about a cache that it does not know and goes on without.
SettingBinding cache_kind(std::string& target) {
  SettingBinding binding = text(target);
  binding.read = [read = std::move(binding.read)](const ConfigValue& value, SettingFaults& faults) {
    if (value.is_scalar() && value.text() != "inmemory" && value.text() != "redis") {
      faults.warn(value, "\"" + value.text() + "\" is not one of inmemory, redis");
    }
    read(value, faults);
  };
  return binding;
}

void describe_filesystem(SettingSection storage, FilesystemConfig& filesystem) {
  SettingSection section = storage.section("filesystem", "Content on the local disk.", {.is_alternative = true});
  section.value("rootdirectory", checked(text(filesystem.root_directory), check_not_empty),
                "Where everything is kept: blobs at Distribution's paths, Berth's records under `berth/`.");
  SettingBinding max_threads = integer_binding(
      [&filesystem](std::int64_t n) { filesystem.max_threads = static_cast<unsigned>(std::max<std::int64_t>(n, 25)); },
      [&filesystem] { return static_cast<std::int64_t>(filesystem.max_threads); }, 0, 100'000);
  max_threads.bounds = "raised to at least 25";
  section.value("maxthreads", std::move(max_threads),
                "The most disk operations side by side; bounds `pools.disk.threads`.");
  section.value(
      "reserve",
      custom<SpaceReserve>(filesystem.reserve, "bytes or percentage", "a byte count or a percentage", parse_reserve,
                           show_reserve),
      "Berth's own. Free space below which pushes are refused with 507 while reads go on. `auto` is 1 % of the "
      "file system and at most 1 GiB; `0` turns it off.");
  section.value(
      "directfrom", byte_count(filesystem.direct_from_bytes, 0, std::uint64_t{1} << 40),
      "Berth's own. Blobs that come in one piece (up to `limits.largestbuffer`) and are not smaller are written "
      "past the page cache, which costs a fraction of the processor's time; their first pull reads the disk. "
      "`0`: none are.");
}

void describe_maintenance(SettingSection storage, StorageConfig& config) {
  SettingSection maintenance = storage.section("maintenance", "Work in the background.");
  SettingSection purging = maintenance.section("uploadpurging", "Removal of uploads that nobody finishes.");
  UploadPurgingConfig& upload_purging = config.upload_purging;
  purging.value("enabled", unquoted_flag(upload_purging.is_enabled, true, "purging is on"),
                "Whether they are removed.");
  const DurationBounds free_form{.minimum = std::chrono::milliseconds(1), .bare_integer = BareInteger::is_refused};
  purging.value("age", duration(upload_purging.age, free_form), "How long an upload must have rested.");
  purging.value("interval", duration(upload_purging.interval, free_form), "Time between two rounds.");
  purging.value("dryrun", flag(upload_purging.is_dry_run), "Only logs what it would remove.");
  maintenance.section("readonly", "A registry that cannot be changed.")
      .value("enabled", flag(config.is_read_only), "Answers 405 to everything that writes. Upload purging still runs.");
}

}  // namespace

void describe_storage(SettingSection root, ServerConfig& config) {
  SettingSection storage =
      root.section("storage", "Where content is kept: exactly one driver, and sections that hold for each.",
                   {.is_choice = true, .is_open = true});
  describe_filesystem(storage, config.storage.filesystem);
  storage.section("inmemory", "Content and metadata in memory, lost at exit; for tests.", {.is_alternative = true});
  storage.section("delete", "Deleting over the API.")
      .value("enabled", unquoted_flag(config.storage.is_delete_enabled, false, "deletes stay disabled"),
             "Allows DELETE of manifests, tags and blobs; otherwise they answer 405.");
  storage.section("redirect", "Answers that send the client to the store itself.")
      .value("disable", flag(config.storage.is_redirect_disabled),
             "Serves blobs through the registry. Drivers that cannot redirect (filesystem) always do.");
  describe_maintenance(storage, config.storage);
  storage.value(
      "distribution_links", flag(config.storage.distribution_links),
      "Berth's own. Writes Distribution's link files behind every change, so that registry:2 and registry:3 can"
      " serve the volume at any time. Unset it is so on a volume that was adopted.");
  SettingSection cache = storage.section(
      "cache", "A cache of blob descriptors.",
      {.status = SettingStatus::accepted_no_op, .reason = "the metadata store answers without such a cache"});
  cache.value("blobdescriptor", cache_kind(cache.own<std::string>()), "`inmemory` or `redis`.");
  cache.value("layerinfo", text(cache.own<std::string>()), "The old name of `blobdescriptor`.",
              {.replaced_by = "storage.cache.blobdescriptor"});
  cache.value("blobdescriptorsize", number(cache.own<int>(10'000)), "Entries of the cache in memory.");
  SettingSection tag = storage.section("tag", "Lookup of tags by digest.",
                                       {.status = SettingStatus::accepted_no_op,
                                        .reason = "tags are found by an index, not by reading files side by side"});
  tag.value("concurrencylimit", number(tag.own<int>()), "Lookups side by side.");
  describe_storage_drivers(storage);
}

void describe_metadata(SettingSection root, ServerConfig& config) {
  SettingSection metadata =
      root.section("metadata", "Berth's own. Where repositories, manifests and tags are recorded.");
  SettingSection snapshots = metadata.section(
      "snapshots",
      "Copies of the metadata in `berth/snapshots` under the root, from which `berth check --rebuild` makes a lost"
      " database anew.");
  snapshots.value("interval", duration(config.metadata.snapshots.interval), "Between two copies; 0s: none are made.");
  snapshots.value("keep", number(config.metadata.snapshots.keep, 1, 1'000), "How many of the newest stay.");
  SettingSection sqlite = metadata.section("sqlite", "The embedded database.");
  SqliteConfig& options = config.metadata.sqlite;
  sqlite.value("path", text(options.path),
               "The database file, on a local disk. Unset: `berth/metadata.db` under the storage root.");
  sqlite.value("cachesize", byte_count(options.cache_bytes, 64 * 1024), "Page cache of one connection.");
  sqlite.value("walsize", byte_count(options.wal_bytes, 1024 * 1024), "The write-ahead log is kept below this size.");
  sqlite.value("readers", number(options.reader_count, 0, 256), "Connections for reading; 0 is one for each core.");
  SettingSection gc = root.section(
      "gc",
      "Berth's own. Collecting what nothing uses any more, beside pushes; and how long content is safe until then.");
  gc.value("enabled", flag(config.gc.is_enabled), "Collects in the background. By hand it works in any case.");
  gc.value("interval", duration(config.gc.interval, {.minimum = std::chrono::milliseconds(1)}),
           "Between two rounds in the background.");
  gc.value(
      "grace", duration(config.gc.grace),
      "How long after an event the collector looks at what it left behind. 0s is safe, too: `promise` keeps what must"
      " be kept.");
  gc.value("promise", duration(config.gc.promise, {.minimum = std::chrono::seconds(1)}),
           "How long content stays that a client was told exists for its push: longer than the slowest push takes.");
  gc.value("history", duration(config.gc.keep_removals), "How long `berth explain` can tell why something went.");
  SettingSection untagged =
      gc.section("untagged", "Manifests that no tag and no index names and that refer to no subject.");
  untagged.value("delete", flag(config.gc.takes_untagged),
                 "Collects them; otherwise they stay until they are deleted.");
  untagged.value("keep", duration(config.gc.keep_untagged),
                 "How long after one was last pushed or pulled (`pulltimes`).");
  SettingSection pace = gc.section("pace", "How fast the background goes. Runs by hand are held to `busy` alone.");
  pace.value("deletions", number(config.gc.deletions_per_second), "Deletions a second; 0 is no limit.");
  pace.value("bytes", byte_count(config.gc.bytes_per_second), "Bytes of files a second; 0 is no limit.");
  pace.value("busy", number(config.gc.busy_percent, 1, 100),
             "Percent of the time that collecting takes at most while requests are served, by hand, too; 100 is all.");
  root.section("trash", "Berth's own. Deleted manifests that can be brought back with `berth undo`.")
      .value("keep", duration(config.trash.keep),
             "How long they rest and keep their blobs; 0s: not at all. Unset it is 168h, and `garbage-collect` by hand "
             "empties"
             " the trash, as people expect who delete and collect.");

  SettingSection adoption = root.section(
      "adoption",
      "Berth's own. Taking over the volume of a registry of CNCF Distribution, which `serve` does by itself.");
  adoption.value(
      "wait", duration(config.adoption.wait),
      "How long a request for a repository that is not read yet waits until it is, before it is answered 503.");
  adoption.value("verify", flag(config.adoption.is_verifying),
                 "Reads the bytes of every blob, which takes long; otherwise only of those whose size is odd.");
  root.section("aliases", "Berth's own. Old names of repositories that were renamed with `berth repository rename`.")
      .value("keep", duration(config.aliases.keep),
             "How long an old name stands for the new one, unless the command says otherwise; 0s: not at all.");

  SettingSection scrub = root.section("scrub",
                                      "Berth's own. Reading the stored bytes again in the background, to find what a "
                                      "disk has damaged. `berth check` does"
                                      " it by hand.");
  scrub.value("enabled", flag(config.scrub.is_enabled), "Checks in the background. By hand it works in any case.");
  scrub.value("rate", byte_count(config.scrub.bytes_per_second), "Bytes a second at most; 0 is no limit.");
  scrub.value("interval", duration(config.scrub.interval, {.minimum = std::chrono::seconds(1)}),
              "How long a blob that was pushed or checked is not read again.");
}

}  // namespace berth
