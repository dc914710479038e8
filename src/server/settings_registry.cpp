// The sections that say what the registry allows: validation, catalog, tags, policy, limits, pools; and health checks.
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

void describe_pool(SettingSection pool, PoolConfig& config) {
  pool.value("threads", number(config.thread_count, 0, 10'000), "Threads; 0 is chosen by the machine's cores.");
  pool.value("queue", number(config.queue_limit, 1), "Jobs that may wait; more are answered 503.");
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
  SettingSection urls = manifests.section("urls", "URLs of foreign layers. Both lists empty: none is allowed.");
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
  SettingSection repository =
      root.section("policy", "What may be pushed.").section("repository", "By kind of repository.");
  repository.value("classes", text_list(repository.own<std::vector<std::string>>()),
                   "Allowed classes: `image`, `plugin`.",
                   {.status = SettingStatus::not_built_yet, .reason = "policies"});
}

void describe_limits(SettingSection root, ServerConfig& config) {
  root.section("catalog", "The list of repositories.")
      .value("maxentries", capped_count(config.limits.catalog_entries, std::numeric_limits<std::int64_t>::min()),
             "The largest `n`; larger ones answer 400. 0 and below are the default.");
  root.section("tags", "The list of a repository's tags.")
      .value("maxtags", capped_count(config.limits.tag_entries, 0),
             "The largest `n`; larger ones get this many. 0 is the default.");
  SettingSection limits = root.section("limits", "Berth's own. What one request may ask for.");
  limits.value("manifestsize", byte_count(config.limits.manifest_bytes, 64 * 1024, 64 * 1024 * 1024),
               "The largest manifest; 413 above.");
  limits.value("tagsperpush", number(config.limits.tags_per_push, 1, 10'000),
               "`tag` parameters of one manifest push; 414 above.");
  SettingSection pools = root.section("pools", "Berth's own. Threads for work that blocks.");
  describe_pool(pools.section("disk", "Reading and writing blobs."), config.pools.disk);
  describe_pool(pools.section("database", "Reading metadata."), config.pools.database);
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
