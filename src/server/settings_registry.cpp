// The sections that say what the registry allows: validation, catalog, tags, limits, pools; and health checks.
#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

void describe_platform(SettingSection& section, PlatformConfig& platform) {
  section.value("architecture", text(platform.architecture), "As Go names it: `amd64`.");
  section.value("os", text(platform.os), "As Go names it: `linux`.");
}

void describe_file_check(SettingSection& section, FileHealthConfig& check) {
  section.value("file", checked(text(check.file), check_not_empty), "Unhealthy while this file exists.");
  section.value("interval", duration(check.interval, {.minimum = std::chrono::milliseconds(1)}), "Between two looks.");
  section.value("threshold", number(check.threshold), "Read for compatibility; the first finding counts.");
}

void describe_tcp_check(SettingSection& section, TcpHealthConfig& check) {
  section.value("addr", checked(text(check.address), check_not_empty), "host:port to connect to.");
  section.value("timeout", duration(check.timeout), "For the connection.");
  section.value("interval", duration(check.interval, {.minimum = std::chrono::milliseconds(1)}),
                "Between two attempts.");
  section.value("threshold", number(check.threshold), "Failures in a row before it counts; 0 is the first.");
}

struct HttpCheck {
  std::string uri;
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;
  int status_code = 200;
  std::chrono::nanoseconds timeout{0};
  std::chrono::nanoseconds interval = std::chrono::seconds(10);
  int threshold = 0;
};

void describe_http_check(SettingSection& section, HttpCheck& check) {
  section.value("uri", text(check.uri), "Asked with HEAD.");
  section.value("headers", header_map(check.headers), "Fields of the request.");
  section.value("statuscode", number(check.status_code, 100, 599), "The status that is healthy.");
  section.value("timeout", duration(check.timeout), "For the answer.");
  section.value("interval", duration(check.interval), "Between two attempts.");
  section.value("threshold", number(check.threshold), "Failures in a row before it counts.");
}

/// A count where `at_most_zero` and below stand for the default.
SettingBinding capped_count(std::size_t& target, std::int64_t minimum) {
  constexpr std::int64_t kDefault = 1000;
  return integer_binding([&target](std::int64_t n) { target = static_cast<std::size_t>(n <= 0 ? kDefault : n); },
                         [&target] { return static_cast<std::int64_t>(target); }, minimum,
                         std::numeric_limits<int>::max());
}

void describe_request_limits(SettingSection section, LimitsConfig& limits) {
  constexpr std::uint64_t kMiB = 1024 * 1024;
  RegistryLimits& registry = limits.registry;
  section.value("manifestsize", byte_count(registry.manifest_bytes, 64 * 1024, 64 * kMiB),
                "The largest manifest; 413 above.");
  section.value("manifestdepth", number(registry.manifest.nesting_depth, 8, 512),
                "Arrays and objects inside of each other in a manifest.");
  section.value("descriptors", number(registry.manifest.descriptor_count, 1), "What one manifest may refer to.");
  section.value("manifestvalues", number(registry.manifest.json_value_count, 100),
                "JSON values of one manifest; bounds the memory of reading it.");
  section.value("tagsperpush", number(registry.tags_per_push, 1, 10'000),
                "`tag` parameters of one manifest push; 414 above.");
  section.value("catalogdefault", number(limits.catalog_default, 1), "Repositories of one page when `n` is not given.");
  section.value("tagpage", number(limits.tag_page, 1), "Tags read at a time when all are asked for.");
  section.value("referrerssize", byte_count(limits.referrers_bytes, 64 * 1024), "One page of referrers.");
  section.value("bodymemory", byte_count(registry.body_buffer_bytes, kMiB),
                "Memory of all requests that send bodies, together; 503 above.");
  section.value(
      "largestbuffer", byte_count(registry.largest_buffer_bytes, 4096, 64 * kMiB),
      "One of the two buffers of an upload, while memory is plenty. A body that fits is written in one piece.");
  section.value("keptbuffers", number(registry.kept_buffers, 0, 1024),
                "Buffers of that size that are kept for the next uploads.");
  section.value("smallestbuffer", byte_count(registry.smallest_buffer_bytes, 4096, 64 * kMiB),
                "The same, while memory is short.");
  section.value("checkpointsize", byte_count(registry.upload_checkpoint_bytes, kMiB),
                "Bytes of one upload request between two syncs; a crash loses at most this much of it.");
  section.value("digestlockwait", duration(registry.digest_lock_wait, {.minimum = std::chrono::milliseconds(1)}),
                "How long a push waits for another one of the same content.");
}

}  // namespace

void describe_validation(SettingSection root, ServerConfig& config) {
  ValidationConfig& options = config.validation;
  SettingSection validation = root.section("validation", "What is checked when a manifest is pushed.");
  validation.value("disabled", flag(options.is_disabled), "Skips all checks of what a manifest refers to.");
  validation.value("enabled", flag(validation.own<bool>()), "Old; `true` overrules `disabled`.");
  SettingSection manifests = validation.section("manifests", "Manifests.");
  manifests.value("missing",
                  choice<MissingReferences>(
                      options.missing, {{"refuse", MissingReferences::refuse}, {"allow", MissingReferences::allow}}),
                  "Berth's own. Whether a manifest may name content that the repository does not have.");
  SettingSection urls = manifests.section(
      "urls",
      "URLs of foreign layers. Without `allow`, what `deny` does not name is allowed (Distribution refuses it).");
  urls.value("allow", checked(text_list(options.url_allow), check_regular_expression),
             "Regular expressions; one must match.");
  urls.value("deny", checked(text_list(options.url_deny), check_regular_expression),
             "Regular expressions; none may match.");
  SettingSection indexes = manifests.section("indexes", "Indexes and manifest lists.");
  indexes.value("platforms",
                choice<IndexPlatforms>(
                    options.platforms,
                    {{"all", IndexPlatforms::all}, {"none", IndexPlatforms::none}, {"list", IndexPlatforms::list}}),
                "Which manifests of an index must be there.");
  indexes.list<PlatformConfig>("platformlist", options.platform_list, describe_platform, "For `list`.");
}

void describe_limits(SettingSection root, ServerConfig& config) {
  root.section("catalog", "The list of repositories.")
      .value("maxentries", capped_count(config.limits.catalog_entries, std::numeric_limits<std::int64_t>::min()),
             "The largest `n`; larger ones answer 400. 0 and below are the default.");
  root.section("tags", "The list of a repository's tags.")
      .value("maxtags", capped_count(config.limits.tag_entries, 0),
             "The largest `n`; larger ones get this many. 0 is the default.");
  describe_request_limits(root.section("limits", "Berth's own. What one request, and all together, may use."),
                          config.limits);
  SettingSection answers =
      root.section("cache", "Berth's own. What is kept in memory.")
          .section("answers", "Answers ready to be sent: manifests, small blobs, pages of tags and of the catalog.");
  answers.value("size", byte_count(config.cache.answers.size_bytes), "Memory of all of them, about; 0 keeps none.");
  answers.value("bodysize", byte_count(config.cache.answers.body_bytes, 0, 4 * 1024 * 1024),
                "The largest body that is kept; of larger blobs the open file is.");
  answers.value("files", number(config.cache.answers.file_count), "Files of blobs that are kept open.");
  SettingSection pools = root.section("pools", "Berth's own. Work that blocks.");
  SettingSection disk = pools.section("disk", "Reading and writing blobs.");
  disk.value("threads", number(config.pools.disk.thread_count, 0, 10'000),
             "Threads; 0 is four for each core, at least 16 and at most `storage.filesystem.maxthreads`.");
  disk.value("queue", number(config.pools.disk.queue_limit, 1), "Jobs that may wait; more are answered 503.");
  SettingSection passwords = pools.section("passwords", "Computing passwords, which is slow on purpose.");
  passwords.value("threads", number(config.pools.passwords.thread_count, 0, 1'000), "Threads; 0 is half of the cores.");
  passwords.value("queue", number(config.pools.passwords.queue_limit, 1),
                  "Passwords that may wait; more are answered 503.");
  pools.section("database", "Reading and writing metadata; its threads are `metadata.sqlite.readers`.")
      .value("queue", number(config.pools.database.queue_limit, 1), "Jobs that may wait; more are answered 503.");
}

void describe_health(SettingSection root, ServerConfig& config) {
  SettingSection health = root.section("health", "Checks that take the server out of service while they fail.");
  SettingSection storage = health.section("storagedriver", "A look at the storage root.");
  StorageHealthConfig& check = config.health.storage_driver;
  storage.value("enabled", flag(check.is_enabled), "Whether it is checked.");
  storage.value("interval", duration(check.interval, {.minimum = std::chrono::milliseconds(1)}), "Between two looks.");
  storage.value("threshold", number(check.threshold), "Failures in a row before it counts; 0 is the first.");
  health.list<FileHealthConfig>("file", config.health.files, describe_file_check,
                                "Files whose presence says: out of service.", {.variable = "FILECHECKERS"});
  health.list<TcpHealthConfig>("tcp", config.health.tcp, describe_tcp_check, "Addresses that must accept connections.",
                               {.variable = "TCPCHECKERS"});
  health.list<HttpCheck>(
      "http", health.own<std::vector<HttpCheck>>(), describe_http_check, "URLs that must answer.",
      {.status = SettingStatus::not_built_yet, .reason = "health checks over HTTP", .variable = "HTTPCHECKERS"});
}

}  // namespace berth
