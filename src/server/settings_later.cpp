// Sections of Distribution whose function comes later (notifications, most middleware, proxy, redis) or not at all
// (reporting, compatibility). Their keys are known, so that a file that has them loads and is checked.
#include "server/settings.h"

namespace berth {
namespace {

struct Endpoint {
  std::string name;
  bool is_disabled = false;
  std::string url;
  std::vector<std::pair<std::string, std::vector<std::string>>> headers;
  std::chrono::nanoseconds timeout = std::chrono::seconds(1);
  int threshold = 10;
  std::chrono::nanoseconds backoff = std::chrono::seconds(1);
  std::vector<std::string> ignored_media_types;
  std::vector<std::string> ignore_media_types;
  std::vector<std::string> ignore_actions;
};

void describe_endpoint(SettingSection& section, Endpoint& endpoint) {
  section.value("name", text(endpoint.name), "Label in logs and metrics; required.");
  section.value("disabled", flag(endpoint.is_disabled), "Skips this endpoint.");
  section.value("url", text(endpoint.url), "Where events are posted to; required.");
  section.value("headers", header_map(endpoint.headers), "Fields of the request.", {.is_secret = true});
  section.value("timeout", duration(endpoint.timeout), "For one attempt.");
  section.value("threshold", number(endpoint.threshold), "Failures in a row before backing off.");
  section.value("backoff", duration(endpoint.backoff), "Time between attempts then.");
  section.value("ignoredmediatypes", text_list(endpoint.ignored_media_types),
                "Events about these media types are dropped.");
  SettingSection ignore = section.section("ignore", "Events that are dropped.");
  ignore.value("mediatypes", text_list(endpoint.ignore_media_types), "By media type; joined with `ignoredmediatypes`.");
  ignore.value("actions", text_list(endpoint.ignore_actions), "By action: pull, push, mount, delete.");
}

struct Middleware {
  std::string name;
  bool is_disabled = false;
  ConfigValue options;
};

void describe_one_middleware(SettingSection& section, Middleware& middleware) {
  section.value("name", text(middleware.name), "Which.");
  section.value("disabled", flag(middleware.is_disabled), "Skips it.");
  section.value("options", any_value(middleware.options), "Its options.");
}

void describe_redis_tls(SettingSection redis) {
  SettingSection tls = redis.section("tls", "TLS to Redis.");
  tls.value("certificate", text(tls.own<std::string>()), "Client certificate.");
  tls.value("key", text(tls.own<std::string>()), "Its key.");
  tls.value("rootcas", text_list(tls.own<std::vector<std::string>>()), "Authorities.");
}

void describe_redis_pool(SettingSection redis) {
  SettingSection pool = redis.section("pool", "Distribution 2's names.");
  pool.value("maxidle", number(pool.own<int>()), "Old name.", {.replaced_by = "redis.maxidleconns"});
  pool.value("maxactive", number(pool.own<int>()), "Old name.", {.replaced_by = "redis.poolsize"});
  pool.value("idletimeout", duration(pool.own<std::chrono::nanoseconds>()), "Old name.",
             {.replaced_by = "redis.connmaxidletime"});
}

}  // namespace

void describe_notifications(SettingSection root) {
  SettingSection notifications = root.section("notifications", "Events posted to other services.");
  notifications.list<Endpoint>("endpoints", notifications.own<std::vector<Endpoint>>(), describe_endpoint,
                               "Who gets them.", {.status = SettingStatus::not_built_yet, .reason = "notifications"});
  SettingSection events = notifications.section(
      "events", "What is in an event.",
      {.status = SettingStatus::accepted_no_op, .reason = "no event is sent yet", .variable = "EVENTCONFIG"});
  events.value("includereferences", flag(events.own<bool>()),
               "Puts the descriptors a manifest refers to into its events.");
}

void describe_middleware(SettingSection root, ServerConfig& config) {
  SettingSection middleware = root.section("middleware", "What stands in the way of requests.");
  describe_registry_middleware_list(middleware, config);
  for (const char* hook : {"repository", "storage"}) {
    middleware.list<Middleware>(hook, middleware.own<std::vector<Middleware>>(), describe_one_middleware,
                                std::string("Around the ") + hook + ".",
                                {.status = SettingStatus::not_built_yet, .reason = "middleware"});
  }
}

void describe_proxy(SettingSection root) {
  SettingSection proxy = root.section("proxy", "A pull-through cache of another registry.",
                                      {.status = SettingStatus::not_built_yet, .reason = "the pull-through cache"});
  proxy.value("remoteurl", text(proxy.own<std::string>()), "The other registry.");
  proxy.value("username", text(proxy.own<std::string>()), "User there.");
  proxy.value("password", text(proxy.own<std::string>()), "Password there.", {.is_secret = true});
  SettingSection exec = proxy.section("exec", "A credential helper.");
  exec.value("command", text(exec.own<std::string>()), "The program.");
  exec.value("lifetime", duration(exec.own<std::optional<std::chrono::nanoseconds>>()), "How long its answer holds.");
  proxy.value("ttl", duration(proxy.own<std::chrono::nanoseconds>(std::chrono::hours(168))),
              "How long cached content is kept.");
  proxy.value("cachewritetimeout", duration(proxy.own<std::chrono::nanoseconds>(std::chrono::minutes(5))),
              "For finishing a cache write.");
}

void describe_redis(SettingSection root) {
  SettingSection redis = root.section(
      "redis", "A Redis for what several servers share.",
      {.status = SettingStatus::accepted_no_op, .reason = "nothing uses Redis yet", .variable_infix = "OPTIONS"});
  redis.value("addrs", text_list(redis.own<std::vector<std::string>>()), "host:port of each node.");
  redis.value("addr", text(redis.own<std::string>()), "Distribution 2's name.", {.replaced_by = "redis.addrs"});
  for (const char* key :
       {"username", "password", "sentinelusername", "sentinelpassword", "clientname", "mastername", "identitysuffix"}) {
    redis.value(key, text(redis.own<std::string>()), "As in Distribution 3.",
                {.is_secret = std::string_view(key).ends_with("password")});
  }
  for (const char* key :
       {"db", "protocol", "maxretries", "poolsize", "minidleconns", "maxidleconns", "maxactiveconns", "maxredirects"}) {
    redis.value(key, number(redis.own<std::int64_t>(), -1), "As in Distribution 3.");
  }
  for (const char* key : {"dialtimeout", "readtimeout", "writetimeout", "minretrybackoff", "maxretrybackoff",
                          "pooltimeout", "connmaxidletime", "connmaxlifetime"}) {
    // go-redis takes -1 and -2 for "none".
    redis.value(key, duration(redis.own<std::chrono::nanoseconds>(), {.minimum = std::chrono::nanoseconds(-2)}),
                "As in Distribution 3.");
  }
  for (const char* key : {"contexttimeoutenabled", "poolfifo", "readonly", "routebylatency", "routerandomly",
                          "disableidentity", "unstableresp3"}) {
    redis.value(key, flag(redis.own<bool>()), "As in Distribution 3.");
  }
  describe_redis_tls(redis);
  describe_redis_pool(redis);
}

void describe_retired(SettingSection root) {
  SettingSection reporting = root.section("reporting", "Error reports to hosted services (Distribution 2).",
                                          {.status = SettingStatus::accepted_no_op, .reason = "no longer used"});
  SettingSection bugsnag = reporting.section("bugsnag", "Bugsnag.");
  bugsnag.value("apikey", text(bugsnag.own<std::string>()), "Key.", {.is_secret = true});
  bugsnag.value("releasestage", text(bugsnag.own<std::string>()), "Stage.");
  bugsnag.value("endpoint", text(bugsnag.own<std::string>()), "Endpoint.");
  SettingSection newrelic = reporting.section("newrelic", "New Relic.");
  newrelic.value("licensekey", text(newrelic.own<std::string>()), "Key.", {.is_secret = true});
  newrelic.value("name", text(newrelic.own<std::string>()), "Name.");
  newrelic.value("verbose", flag(newrelic.own<bool>()), "Says more.");
  SettingSection schema1 =
      root.section("compatibility", "Manifests of Docker's schema 1 (Distribution 2).",
                   {.status = SettingStatus::accepted_no_op, .reason = "schema 1 manifests are not served"})
          .section("schema1", "Schema 1.");
  schema1.value("signingkeyfile", text(schema1.own<std::string>()), "Key.", {.variable = "TRUSTKEY"});
  schema1.value("enabled", flag(schema1.own<bool>()), "Accepts them.");
}

}  // namespace berth
