#include "server/config_loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

#include "server/settings.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

using namespace std::chrono_literals;
using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct Read {
  SettingReport report;
  ServerConfig config;
};

std::vector<std::string> lines(const std::vector<SettingProblem>& problems) {
  std::vector<std::string> text;
  for (const SettingProblem& problem : problems) text.push_back(problem.line());
  return text;
}

Read read(const std::string& text, const Environment& environment = {}) {
  Read result;
  SettingNode root;
  describe_settings(root, result.config);
  result.report = read_config(text, "config.yml", environment, root, result.config);
  return result;
}

/// A file that is right but for what `more` says.
Read with(const std::string& more) {
  return read("version: 0.1\nstorage: {inmemory: {}}\n" + more);
}
std::vector<std::string> errors_of(const std::string& text) {
  return lines(read(text).report.errors);
}
std::vector<std::string> errors_with(const std::string& more) {
  return lines(with(more).report.errors);
}

TEST(LoadConfig, TakesTheStockFileOfDistributionsImage) {
  std::ifstream file(BERTH_SOURCE_DIR "/packaging/config.yml");
  std::stringstream text;
  text << file.rdbuf();
  const Read loaded = read(text.str());
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.report.warnings), IsEmpty());
  EXPECT_THAT(lines(loaded.report.not_built), IsEmpty());
  EXPECT_THAT(lines(loaded.report.no_ops), ElementsAre(HasSubstr("storage.cache: accepted without effect")));
  EXPECT_EQ(loaded.config.storage.filesystem.root_directory, "/var/lib/registry");
  EXPECT_EQ(loaded.config.http.address, ":5000");
  EXPECT_TRUE(loaded.config.health.storage_driver.is_enabled);
  EXPECT_FALSE(loaded.config.storage.is_delete_enabled);
}

TEST(LoadConfig, HasDistributionsDefaults) {
  const Read loaded = read("version: 0.1\nstorage: filesystem\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  const ServerConfig& config = loaded.config;
  EXPECT_EQ(config.storage.driver, StorageDriver::filesystem);
  EXPECT_EQ(config.storage.filesystem.root_directory, "/var/lib/registry");
  EXPECT_EQ(config.storage.filesystem.max_threads, 100U);
  EXPECT_TRUE(config.storage.upload_purging.is_enabled);
  EXPECT_EQ(config.storage.upload_purging.age, 168h);
  EXPECT_EQ(config.storage.upload_purging.interval, 24h);
  EXPECT_EQ(config.limits.catalog_entries, 1000U);
  EXPECT_EQ(config.limits.tag_entries, 1000U);
  EXPECT_EQ(config.http.drain_timeout, std::nullopt);
  ASSERT_EQ(config.http.listen_addresses().size(), 1U);
  EXPECT_EQ(config.http.listen_addresses()[0].address, ":5000");
  EXPECT_FALSE(config.health.storage_driver.is_enabled);
}

TEST(LoadConfig, KeepsAnExplicitZeroDrainTimeoutApartFromNone) {
  EXPECT_EQ(with("http: {draintimeout: 0}\n").config.http.drain_timeout, 0ms);
  EXPECT_EQ(with("http: {draintimeout: 60s}\n").config.http.drain_timeout, 60s);
  EXPECT_EQ(with("http: {draintimeout: 5000000000}\n").config.http.drain_timeout, 5s);
  EXPECT_EQ(with("http: {draintimeout: }\n").config.http.drain_timeout, std::nullopt);
}

// The error rows of Distribution's parsing rules, one line each.
TEST(LoadConfig, RefusesAWrongVersion) {
  EXPECT_THAT(errors_of("storage: inmemory\n"), ElementsAre("config.yml:1: version: missing; add \"version: 0.1\""));
  EXPECT_THAT(errors_of("version: 0.2\nstorage: inmemory\n"),
              ElementsAre("config.yml:1: version: unsupported version: \"0.2\"; only 0.1 is known"));
  EXPECT_THAT(errors_of("version: abc\nstorage: inmemory\n"), ElementsAre(HasSubstr("unsupported version: \"abc\"")));
  EXPECT_THAT(errors_of(""), Contains(HasSubstr("version: missing")));
}

TEST(LoadConfig, RefusesMissingSeveralAndUnknownDrivers) {
  EXPECT_THAT(errors_of("version: 0.1\n"), ElementsAre("config.yml:1: storage: no storage configuration provided"));
  EXPECT_THAT(errors_of("version: 0.1\nstorage: {delete: {enabled: true}}\n"),
              ElementsAre("config.yml:2: storage: no storage configuration provided"));
  EXPECT_THAT(errors_of("version: 0.1\nstorage:\n  s3: {bucket: b}\n  filesystem: {}\n"),
              ElementsAre("config.yml:3: storage: must provide exactly one storage type. Provided: [filesystem s3]"));
  EXPECT_THAT(
      errors_of("version: 0.1\nstorage: {filesytem: {rootdirectory: /x}}\n"),
      ElementsAre("config.yml:2: storage.filesytem: unknown storage driver (did you mean storage.filesystem?)"));
  EXPECT_THAT(errors_of("version: 0.1\nstorage: rados\n"),
              ElementsAre("config.yml:2: storage.rados: unknown storage driver"));
  EXPECT_THAT(errors_of("version: 0.1\nstorage: [inmemory]\n"),
              ElementsAre("config.yml:2: storage: a list is not a map of settings"));
}

TEST(LoadConfig, RefusesASecondDriverFromTheEnvironment) {
  const Read loaded = read("version: 0.1\nstorage: {filesystem: {}}\n", {{"REGISTRY_STORAGE_S3_BUCKET", "b"}});
  EXPECT_THAT(lines(loaded.report.errors),
              ElementsAre("config.yml:2: storage: must provide exactly one storage type. Provided: [filesystem s3]"));
}

TEST(LoadConfig, RefusesSchemesThatDoNotGoTogether) {
  EXPECT_THAT(errors_with("auth: {silly: {realm: r, service: s}, htpasswd: {realm: r, path: /p}}\n"),
              ElementsAre("config.yml:3: auth: must provide exactly one type. Provided: [htpasswd silly]"));
  EXPECT_THAT(errors_with("auth: {ldap: {}}\n"), ElementsAre("config.yml:3: auth.ldap: unknown authentication scheme"));
  EXPECT_THAT(errors_with("auth: {htpasswd: {realm: r, path: /p}, "
                          "token: {realm: r, service: s, issuer: i, jwks: /j}}\n"),
              IsEmpty());
  EXPECT_THAT(errors_with("auth: none\n"), IsEmpty());
}

TEST(LoadConfig, NamesWhatASchemeCannotDoWithout) {
  EXPECT_THAT(errors_with("auth: silly\n"),
              ElementsAre("config.yml:3: auth.silly.realm: missing", "config.yml:3: auth.silly.service: missing"));
  EXPECT_THAT(errors_with("auth: {htpasswd: {realm: r}}\n"), ElementsAre("config.yml:3: auth.htpasswd.path: missing"));
  EXPECT_THAT(errors_with("auth: {token: {realm: r, service: s, issuer: i}}\n"),
              ElementsAre(HasSubstr("auth.token: needs rootcertbundle or jwks")));
  const std::string token = "auth: {token: {realm: r, service: s, issuer: i, jwks: /j, signingalgorithms: ";
  EXPECT_THAT(lines(with(token + "[HS256, RS256]}}\n").report.warnings),
              ElementsAre(HasSubstr("HMAC is never accepted")));
  EXPECT_THAT(errors_with(token + "[HS256]}}\n"), ElementsAre(HasSubstr("no algorithm is left")));
}

TEST(LoadConfig, ReadsRules) {
  const Read loaded = with(
      "auth: {htpasswd: {realm: r, path: /p}}\n"
      "access:\n"
      "  - {allow: pull, who: anonymous, repositories: public/**}\n"
      "  - {allow: [pull, push, delete, catalog], who: authenticated}\n"
      "  - deny: [push, delete]\n"
      "    who: [user:bob, group:interns]\n"
      "    tags: v*\n"
      "policy: {tags: [{repositories: team/**, tags: v*, except: group:release}]}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  const PolicySource source = loaded.config.access.policy_source();
  ASSERT_EQ(source.rules.size(), 3U);
  EXPECT_EQ(source.rules[0].text(), "allow pull to anonymous on public/**");
  EXPECT_EQ(source.rules[0].origin, "config.yml:5");
  EXPECT_EQ(source.rules[1].text(), "allow pull,push,delete,catalog to authenticated");
  EXPECT_EQ(source.rules[2].text(), "deny push,delete to user:bob,group:interns tags v*");
  EXPECT_EQ(source.rules[2].origin, "config.yml:7");
  ASSERT_EQ(source.protections.size(), 1U);
  EXPECT_EQ(source.protections[0].except.at(0).text(), "group:release");
}

TEST(LoadConfig, RefusesRulesThatSayNothing) {
  const std::string auth = "auth: {htpasswd: {realm: r, path: /p}}\n";
  EXPECT_THAT(errors_with(auth + "access: [{allow: pull, deny: push, who: anonymous}]\n"),
              ElementsAre("config.yml:4: access[0]: needs either allow or deny"));
  EXPECT_THAT(errors_with(auth + "access: [{who: anonymous}]\n"),
              ElementsAre("config.yml:4: access[0]: needs either allow or deny"));
  EXPECT_THAT(errors_with(auth + "access: [{allow: pull}]\n"), Contains(HasSubstr("access[0]: needs who")));
  EXPECT_THAT(errors_with(auth + "access: [{allow: pul, who: anonymous}]\n"),
              Contains(HasSubstr("access[0].allow: \"pul\" is not one of pull, push")));
  EXPECT_THAT(errors_with(auth + "access: [{allow: pull, who: alice}]\n"),
              Contains(HasSubstr("access[0].who: \"alice\" names nobody")));
  EXPECT_THAT(errors_with(auth + "access: [{allow: pull, who: anonymous, repositories: Team/x}]\n"),
              Contains(HasSubstr("access[0].repositories: \"Team/x\" has a character")));
  EXPECT_THAT(errors_with("access: [{allow: pull, who: anonymous}]\n"),
              ElementsAre("config.yml:3: access: needs auth: without it nobody is asked who he is"));
}

TEST(LoadConfig, ReadsRegistryMiddleware) {
  const Read loaded = with("middleware: {registry: [{name: repository, options: {allow: ['^approved/.*$']}}]}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_THAT(loaded.config.registry_middleware.at(0).allow, ElementsAre("^approved/.*$"));
  EXPECT_THAT(errors_with("middleware: {registry: [{name: cloudfront}]}\n"),
              Contains(HasSubstr("no registry middleware is called \"cloudfront\"")));
  EXPECT_THAT(errors_with("middleware: {registry: [{name: repository, options: {allow: ['(']}}]}\n"),
              Contains(HasSubstr("is not a regular expression")));
}

TEST(LoadConfig, RefusesWrongScalarTypes) {
  EXPECT_THAT(errors_with("http:\n  draintimeout: abc\n"),
              ElementsAre("config.yml:4: http.draintimeout: \"abc\" is not a duration (like 30s)"));
  EXPECT_THAT(errors_with("catalog: {maxentries: many}\n"),
              ElementsAre("config.yml:3: catalog.maxentries: \"many\" is not a whole number"));
  EXPECT_THAT(errors_with("log: {level: verbose}\n"),
              ElementsAre(HasSubstr("log.level: \"verbose\" is not one of error, warn, info, debug")));
  EXPECT_THAT(errors_with("loglevel: verbose\n"), ElementsAre(HasSubstr("log.level: \"verbose\" is not one of")));
  EXPECT_THAT(errors_with("log: {formatter: xml}\n"),
              ElementsAre(HasSubstr("log.formatter: \"xml\" is not one of text, json, logstash")));
  EXPECT_THAT(errors_with("http: {tls: {clientauth: maybe}}\n"),
              Contains(HasSubstr("http.tls.clientauth: \"maybe\" is not one of")));
  EXPECT_THAT(errors_with("validation: {manifests: {indexes: {platforms: some}}}\n"),
              ElementsAre(HasSubstr("validation.manifests.indexes.platforms: \"some\" is not one of")));
  EXPECT_THAT(
      errors_with("http: {headers: {X-Foo: bar}}\n"),
      ElementsAre("config.yml:3: http.headers: \"bar\" is not a list of values for the header X-Foo (like [a, b])"));
  EXPECT_THAT(errors_with("tags: {maxtags: -1}\n"), ElementsAre("config.yml:3: tags.maxtags: -1 is less than 0"));
  EXPECT_THAT(errors_with("http: {tls: {minimumtls: tls1.0}}\n"),
              ElementsAre(HasSubstr("http.tls.minimumtls: tls1.0 is no longer offered")));
  EXPECT_THAT(errors_with("http: {tls: {ciphersuites: [TLS_FOO]}}\n"),
              ElementsAre(HasSubstr("http.tls.ciphersuites: \"TLS_FOO\" is not a cipher suite")));
  EXPECT_THAT(errors_with("validation: {manifests: {urls: {allow: ['(']}}}\n"),
              ElementsAre(HasSubstr("validation.manifests.urls.allow: \"(\" is not a regular expression")));
  EXPECT_THAT(errors_of("- version\n"), ElementsAre("config.yml:1: a list is not a map of settings"));
  EXPECT_THAT(errors_of("version: 0.1\nstorage: [\n"), ElementsAre(HasSubstr("config.yml:3: not YAML: ")));
}

TEST(LoadConfig, AnswersWhereDistributionPanics) {
  const auto storage = [](const std::string& more) {
    return read("version: 0.1\nstorage:\n  inmemory:\n  " + more + "\n");
  };
  EXPECT_THAT(lines(storage("maintenance: {uploadpurging: true}").report.errors),
              ElementsAre("config.yml:4: storage.maintenance.uploadpurging: \"true\" is not a map of settings"));
  EXPECT_THAT(lines(storage("maintenance: {uploadpurging: {age: 168}}").report.errors),
              ElementsAre("config.yml:4: storage.maintenance.uploadpurging.age: \"168\" is not a duration (like 30s)"));
  EXPECT_THAT(lines(storage("maintenance: {uploadpurging: {interval: soon}}").report.errors),
              ElementsAre(HasSubstr("uploadpurging.interval: \"soon\" is not a duration")));
  EXPECT_THAT(lines(storage("maintenance: {uploadpurging: {dryrun: perhaps}}").report.errors),
              ElementsAre(HasSubstr("uploadpurging.dryrun: \"perhaps\" is not true or false")));
  EXPECT_THAT(lines(storage("maintenance: {readonly: true}").report.errors),
              ElementsAre("config.yml:4: storage.maintenance.readonly: \"true\" is not a map of settings"));
  EXPECT_THAT(lines(storage("maintenance: {readonly: {enabled: maybe}}").report.errors),
              ElementsAre(HasSubstr("readonly.enabled: \"maybe\" is not true or false")));
  EXPECT_THAT(lines(storage("redirect: {disable: maybe}").report.errors),
              ElementsAre(HasSubstr("storage.redirect.disable: \"maybe\" is not true or false")));
  EXPECT_THAT(lines(storage("tag: {concurrencylimit: -1}").report.errors),
              ElementsAre("config.yml:4: storage.tag.concurrencylimit: -1 is less than 0"));
  EXPECT_THAT(lines(storage("tag: {concurrencylimit: x}").report.errors),
              ElementsAre(HasSubstr("\"x\" is not a whole number")));
}

TEST(LoadConfig, WarnsAboutAnUnknownCache) {
  const Read loaded = read("version: 0.1\nstorage: {inmemory: {}, cache: {blobdescriptor: memcached}}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_THAT(lines(loaded.report.warnings),
              ElementsAre("config.yml:2: storage.cache.blobdescriptor: \"memcached\" is not one of inmemory, redis"));
}

TEST(LoadConfig, FillsInWhatUploadPurgingLeavesOut) {
  const Read loaded = read("version: 0.1\nstorage: {inmemory: {}, maintenance: {uploadpurging: {age: 24h}}}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_EQ(loaded.config.storage.upload_purging.age, 24h);
  EXPECT_EQ(loaded.config.storage.upload_purging.interval, 24h);
  EXPECT_TRUE(loaded.config.storage.upload_purging.is_enabled);
}

TEST(LoadConfig, KeepsDistributionsReadingOfQuotedFlagsAndSaysSo) {
  const Read loaded = read(
      "version: 0.1\nstorage:\n  inmemory:\n  delete: {enabled: \"true\"}\n"
      "  maintenance: {uploadpurging: {enabled: \"false\"}}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_FALSE(loaded.config.storage.is_delete_enabled);
  EXPECT_TRUE(loaded.config.storage.upload_purging.is_enabled);
  EXPECT_THAT(
      lines(loaded.report.warnings),
      ElementsAre(HasSubstr("config.yml:4: storage.delete.enabled: \"true\" is not true or false without quotes"),
                  HasSubstr("config.yml:5: storage.maintenance.uploadpurging.enabled: \"false\" is not")));
}

TEST(LoadConfig, WarnsAboutUnknownKeysAnywhere) {
  EXPECT_THAT(
      lines(with("htpp: {addr: ':1'}\nlog: {levle: info}\nhttp: {tls: {cerificate: x}}\n").report.warnings),
      ElementsAre("config.yml:3: htpp: unknown key, ignored (did you mean http?)",
                  "config.yml:4: log.levle: unknown key, ignored (did you mean log.level?)",
                  "config.yml:5: http.tls.cerificate: unknown key, ignored (did you mean http.tls.certificate?)"));
}

TEST(LoadConfig, ListsEverythingThatIsNotBuilt) {
  const Read loaded = with(
      "proxy: {remoteurl: https://x.example.com}\n"
      "middleware: {storage: [{name: redirect}]}\nnotifications: {endpoints: [{name: a, url: http://x}]}\n"
      "http: {tls: {letsencrypt: {cachefile: /c}}}\nlog: {hooks: [{type: mail}]}\n"
      "health: {http: [{uri: http://x}]}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_THAT(
      lines(loaded.report.not_built),
      ElementsAre(HasSubstr("proxy.remoteurl"), HasSubstr("middleware.storage"), HasSubstr("notifications.endpoints"),
                  HasSubstr("http.tls.letsencrypt.cachefile"), HasSubstr("log.hooks"), HasSubstr("health.http")));
}

TEST(LoadConfig, ListsNothingForWhatIsSwitchedOff) {
  const Read loaded = with(
      "auth: {none: {}}\nproxy: {}\nmiddleware: {registry: []}\nnotifications: {endpoints: []}\n"
      "log: {hooks: [{type: mail, disabled: true}]}\n");
  EXPECT_THAT(lines(loaded.report.not_built), IsEmpty());
  EXPECT_THAT(
      lines(with("proxy: {remoteurl: ''}\nnotifications: {endpoints: [{name: a, disabled: true}]}\n").report.not_built),
      IsEmpty());
}

TEST(LoadConfig, ReadsTheLimitsOfHttp2) {
  const Read loaded = with(
      "http: {h2c: {enabled: true}, http2: {disabled: true, maxstreams: 7, headerlistsize: 2KiB, resets: 8, pings: 9, "
      "settings: 10, idleframes: 1000, streamwindow: 1MiB, connectionwindow: 2MiB}}\n");
  EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
  EXPECT_TRUE(loaded.config.http.is_h2c_enabled);
  EXPECT_TRUE(loaded.config.http.is_http2_disabled);
  const http::Http2Limits& limits = loaded.config.http.limits.http2;
  EXPECT_EQ(limits.stream_count, 7U);
  EXPECT_EQ(limits.header_list_bytes, 2048U);
  EXPECT_EQ(limits.reset_burst, 8U);
  EXPECT_EQ(limits.ping_burst, 9U);
  EXPECT_EQ(limits.settings_burst, 10U);
  EXPECT_EQ(limits.idle_frame_burst, 1000U);
  EXPECT_EQ(limits.stream_window_bytes, 1024U * 1024);
  EXPECT_EQ(limits.connection_window_bytes, 2048U * 1024);
  EXPECT_THAT(lines(with("http: {http2: {streamwindow: 1KiB}}\n").report.errors),
              ElementsAre(HasSubstr("streamwindow")));
  EXPECT_THAT(lines(with("http: {h2c: {enabled: true}, tls: {certificate: /c, key: /k}}\n").report.warnings),
              ElementsAre(HasSubstr("http.h2c: has no effect")));
}

TEST(LoadConfig, ReadsTimeoutsAsOneDurationOrAMap) {
  const http::ServerLimits one = with("http: {timeout: 45s}\n").config.http.limits;
  EXPECT_EQ(one.header_time, 45s);
  EXPECT_EQ(one.body_stall_time, 45s);
  EXPECT_EQ(one.write_stall_time, 45s);
  EXPECT_EQ(one.idle_time, 45s);
  const http::ServerLimits map = with("http: {timeout: {header: 5s, idle: 1m}}\n").config.http.limits;
  EXPECT_EQ(map.header_time, 5s);
  EXPECT_EQ(map.idle_time, 1min);
  EXPECT_EQ(map.body_stall_time, http::ServerLimits{}.body_stall_time);
  EXPECT_THAT(errors_with("http: {timeout: soon}\n"),
              ElementsAre("config.yml:3: http.timeout: \"soon\" is not a duration (like 30s)"));
}

TEST(LoadConfig, MendsHostAndPrefix) {
  EXPECT_EQ(with("http: {host: 'https://r.example.com'}\n").config.http.host, "https://r.example.com");
  EXPECT_EQ(with("http: {host: 'https://r.example.com/'}\n").config.http.host, "https://r.example.com");
  EXPECT_EQ(with("http: {host: 'https://r.example.com/hub/'}\n").config.http.host, "https://r.example.com/hub");
  const Read ignored = with("http: {host: r.example.com}\n");
  EXPECT_EQ(ignored.config.http.host, "");
  EXPECT_THAT(lines(ignored.report.warnings),
              ElementsAre(HasSubstr("\"r.example.com\" is ignored: it needs scheme and host")));
  EXPECT_EQ(with("http: {prefix: hub}\n").config.http.prefix, "/hub/");
  EXPECT_THAT(errors_with("http: {prefix: /a/../b}\n"), ElementsAre(HasSubstr("is not a path")));
}

TEST(LoadConfig, ChecksAddressesAndPairs) {
  EXPECT_THAT(errors_with("http: {addr: '5000'}\n"),
              ElementsAre("config.yml:3: http.addr: \"5000\" is not an address (like :5000 or 127.0.0.1:5000)"));
  EXPECT_THAT(errors_with("http: {addr: ':70000'}\n"), ElementsAre(HasSubstr("is not an address")));
  EXPECT_THAT(errors_with("http: {addr: '[::1]:5000'}\n"), IsEmpty());
  EXPECT_THAT(errors_with("http: {addr: '::1:5000'}\n"), ElementsAre(HasSubstr("is not an address")));
  EXPECT_THAT(errors_with("http: {addr: /run/berth.sock, net: unix}\n"), IsEmpty());
  EXPECT_THAT(errors_with("http: {net: unix}\n"), ElementsAre(HasSubstr("a unix socket needs a path")));
  EXPECT_THAT(errors_with("http: {tls: {certificate: /c}}\n"),
              ElementsAre("config.yml:3: http.tls: certificate and key need each other"));
  const Read listeners = with("http: {listeners: [{addr: ':1'}, {addr: /run/b.sock, net: unix}]}\n");
  ASSERT_EQ(listeners.config.http.listen_addresses().size(), 2U);
  EXPECT_EQ(listeners.config.http.listen_addresses()[1].network, ListenNetwork::unix_socket);
}

TEST(LoadConfig, RefusesABufferRangeUpsideDown) {
  EXPECT_THAT(errors_with("limits: {largestbuffer: 8KiB, smallestbuffer: 16KiB}\n"),
              ElementsAre("config.yml:3: limits.smallestbuffer: is more than limits.largestbuffer"));
}

TEST(LoadConfig, LeavesWeakCipherSuitesOutAndReadsOldNames) {
  const Read loaded =
      with("http: {tls: {ciphersuites: [TLS_RSA_WITH_AES_128_CBC_SHA, TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305]}}\n");
  EXPECT_THAT(loaded.config.http.tls.cipher_suites, ElementsAre("TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256"));
  EXPECT_THAT(lines(loaded.report.warnings),
              ElementsAre(HasSubstr("TLS_RSA_WITH_AES_128_CBC_SHA is weak and not offered")));
  EXPECT_THAT(errors_with("http: {tls: {ciphersuites: [TLS_RSA_WITH_RC4_128_SHA]}}\n"),
              ElementsAre(HasSubstr("none of these cipher suites is offered")));
}

TEST(LoadConfig, ReadsReserves) {
  const auto reserve = [](const std::string& text) {
    return read("version: 0.1\nstorage: {filesystem: {reserve: " + text + "}}\n").config.storage.filesystem.reserve;
  };
  constexpr std::uint64_t kTiB = 1ULL << 40;
  EXPECT_EQ(reserve("auto").bytes_of(kTiB), 1ULL << 30);
  EXPECT_EQ(reserve("auto").bytes_of(1'000'000), 10'000U);
  EXPECT_EQ(reserve("5GiB").bytes_of(kTiB), 5ULL << 30);
  EXPECT_EQ(reserve("0").bytes_of(kTiB), 0U);
  EXPECT_EQ(reserve("10%").bytes_of(1000), 100U);
}

TEST(LoadConfig, EnabledValidationOverrulesDisabled) {
  EXPECT_TRUE(with("validation: {disabled: true}\n").config.validation.is_disabled);
  EXPECT_FALSE(with("validation: {disabled: true, enabled: true}\n").config.validation.is_disabled);
}

TEST(LoadConfig, TakesTheAnnotatedExampleWithEitherDriver) {
  std::ifstream file(BERTH_SOURCE_DIR "/tests/golden/annotated.yml");
  std::string filesystem;
  std::string s3;
  bool is_in_filesystem = false;
  for (std::string line; std::getline(file, line);) {
    filesystem += line + "\n";
    is_in_filesystem = line == "  filesystem:" || (is_in_filesystem && line.starts_with("    "));
    if (!is_in_filesystem) s3 += (line.starts_with("#  ") ? line.substr(1) : line) + "\n";
  }
  ASSERT_THAT(s3, HasSubstr("\n  s3:\n    accesskey: "));
  for (const std::string& text : {filesystem, s3}) {
    const Read loaded = read(text);
    EXPECT_THAT(lines(loaded.report.errors), IsEmpty());
    for (const SettingProblem& warning : loaded.report.warnings) {
      EXPECT_THAT(warning.line(), testing::AnyOf(HasSubstr("old spelling, read as redis."), HasSubstr("letsencrypt")));
    }
    EXPECT_EQ(loaded.report.no_ops.size(), 3U);  // storage.cache, redis, reporting
    EXPECT_THAT(lines(loaded.report.not_built), Contains(HasSubstr("notifications.endpoints")));
    EXPECT_EQ(loaded.config.http.limits.idle_time, 30s);
  }
}

class ConfigFile : public testing::Test {
 protected:
  TemporaryDirectory temporary_;
  const std::string directory_ = temporary_.path().string();
};

TEST_F(ConfigFile, MissingLargeOrNoFileIsOneLine) {
  EXPECT_THAT(load_config({.file = directory_ + "/none.yml", .environment = {}}).errors,
              ElementsAre(directory_ + "/none.yml: No such file or directory"));
  EXPECT_THAT(load_config({.file = directory_, .environment = {}}).errors,
              ElementsAre(directory_ + ": is a directory"));
  EXPECT_THAT(load_config({.file = "/dev/zero", .environment = {}}).errors,
              ElementsAre("/dev/zero: is not a regular file"));
  std::ofstream(directory_ + "/large.yml") << "version: 0.1\n#" << std::string(kConfigFileLimit, 'x');
  EXPECT_THAT(load_config({.file = directory_ + "/large.yml", .environment = {}}).errors,
              ElementsAre(directory_ + "/large.yml: is larger than 4194304 bytes"));
}

TEST_F(ConfigFile, NamesTheFileAsItWasTyped) {
  std::ofstream(directory_ + "/c.yml") << "version: 0.1\nstorage: inmemory\nlog: {level: x}\n";
  const LoadedConfig loaded = load_config({.file = directory_ + "/c.yml", .environment = {}});
  EXPECT_THAT(loaded.errors, ElementsAre(HasSubstr(directory_ + "/c.yml:3: log.level: ")));
  EXPECT_EQ(loaded.config.file, directory_ + "/c.yml");
}

TEST_F(ConfigFile, WithoutOneTheBuiltInDefaultsHold) {
  const LoadedConfig loaded = load_config({.file = {}, .environment = {{"REGISTRY_HTTP_ADDR", "127.0.0.1:0"}}});
  EXPECT_THAT(loaded.errors, IsEmpty());
  EXPECT_THAT(loaded.warnings, IsEmpty());
  EXPECT_EQ(loaded.config.storage.filesystem.root_directory, "./data");
  EXPECT_EQ(loaded.config.http.address, "127.0.0.1:0");
  EXPECT_EQ(loaded.config.file, "");
}

TEST(CompareConfigs, NamesWhatChangedAndWhatItNeeds) {
  const ServerConfig before = with("http: {secret: a}\n").config;
  const ServerConfig after = with("http: {secret: b, listeners: [{addr: ':1'}]}\nlog: {level: debug}\n").config;
  std::vector<std::string> changed;
  for (const ChangedSetting& setting : compare_configs(before, after)) {
    changed.push_back(setting.path + (setting.reload == SettingReload::live ? " live" : ""));
  }
  EXPECT_THAT(changed, ElementsAre("log.level live", "http.listeners", "http.secret"));
  EXPECT_THAT(compare_configs(before, before), IsEmpty());
}

}  // namespace
}  // namespace berth
