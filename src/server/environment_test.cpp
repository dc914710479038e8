#include "server/environment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "server/config_loader.h"
#include "server/settings.h"
#include "tests/support/temporary_directory.h"

namespace berth {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

struct Read {
  SettingReport report;
  ServerConfig config;
  SettingNode root;
};

std::vector<std::string> lines(const std::vector<SettingProblem>& problems) {
  std::vector<std::string> text;
  for (const SettingProblem& problem : problems) text.push_back(problem.line());
  return text;
}

std::unique_ptr<Read> read(const std::string& more, const Environment& environment) {
  auto result = std::make_unique<Read>();
  const std::string text = more.contains("storage:") ? more : "storage: {filesystem: {}}\n" + more;
  describe_settings(result->root, result->config);
  result->report = read_config("version: 0.1\n" + text, "config.yml", environment, result->root, result->config);
  return result;
}

std::string shown(const Read& loaded, const std::string& path) {
  return find_setting(loaded.root, path)->show();
}

TEST(Environment, WinsOverTheFile) {
  const auto loaded = read("http: {addr: ':1', draintimeout: 5s}\nlog: {level: debug}\n",
                           {{"REGISTRY_HTTP_ADDR", ":2"}, {"REGISTRY_LOG_LEVEL", "error"}});
  EXPECT_EQ(loaded->config.http.address, ":2");
  EXPECT_EQ(loaded->config.http.drain_timeout, std::chrono::seconds(5));
  EXPECT_EQ(loaded->config.log.level, LogLevel::error);
}

TEST(Environment, NamesTheVariableInErrors) {
  EXPECT_THAT(lines(read("", {{"REGISTRY_HTTP_DRAINTIMEOUT", "abc"}})->report.errors),
              ElementsAre("REGISTRY_HTTP_DRAINTIMEOUT: http.draintimeout: \"abc\" is not a duration (like 30s)"));
  EXPECT_THAT(lines(read("", {{"REGISTRY_HTTP_HEADERS", "{a: [}"}})->report.errors),
              ElementsAre(HasSubstr("REGISTRY_HTTP_HEADERS: http.headers: not YAML: ")));
}

TEST(Environment, ReplacesWholeSections) {
  const auto loaded = read("http: {addr: ':1', prefix: /a/}\n", {{"REGISTRY_HTTP", "{addr: ':2', headers: {X-A: [b]}}"},
                                                                 {"REGISTRY_HEALTH_FILECHECKERS", "[{file: /down}]"}});
  EXPECT_EQ(loaded->config.http.address, ":2");
  EXPECT_EQ(loaded->config.http.prefix, "/");
  EXPECT_EQ(shown(*loaded, "http.headers"), "{X-A: [b]}");
  ASSERT_EQ(loaded->config.health.files.size(), 1U);
}

TEST(Environment, SwitchesTheDriverAndThenFillsIt) {
  const auto loaded = read("storage: {filesystem: {rootdirectory: /a}, delete: {enabled: true}}\n",
                           {{"REGISTRY_STORAGE_S3_BUCKET", "b"}, {"REGISTRY_STORAGE", "s3"}});
  EXPECT_THAT(lines(loaded->report.errors), IsEmpty());
  EXPECT_EQ(shown(*loaded, "storage.s3.bucket"), "b");
  EXPECT_FALSE(loaded->config.storage.is_delete_enabled);  // the file's section is gone, as in Distribution
  EXPECT_THAT(lines(loaded->report.not_built),
              ElementsAre("REGISTRY_STORAGE_S3_BUCKET: storage.s3.bucket: not built yet: object stores"));

  const auto memory = read("", {{"REGISTRY_STORAGE", "inmemory"}, {"REGISTRY_STORAGE_DELETE_ENABLED", "true"}});
  EXPECT_THAT(lines(memory->report.errors), IsEmpty());
  EXPECT_EQ(memory->config.storage.driver, StorageDriver::inmemory);
  EXPECT_TRUE(memory->config.storage.is_delete_enabled);
}

TEST(Environment, SwitchesTheSchemeAndThenFillsIt) {
  const auto loaded = read("", {{"REGISTRY_AUTH", "htpasswd"},
                                {"REGISTRY_AUTH_HTPASSWD_REALM", "Registry Realm"},
                                {"REGISTRY_AUTH_HTPASSWD_PATH", "/auth/htpasswd"}});
  EXPECT_THAT(lines(loaded->report.errors), IsEmpty());
  EXPECT_EQ(shown(*loaded, "auth.htpasswd.realm"), "Registry Realm");
  EXPECT_TRUE(loaded->config.auth.htpasswd.is_enabled);
}

TEST(Environment, SetsElementsOfListsByIndex) {
  const auto scalars = read("http: {tls: {clientcas: [/a]}}\n",
                            {{"REGISTRY_HTTP_TLS_CLIENTCAS_0", "/b"}, {"REGISTRY_HTTP_TLS_CLIENTCAS_1", "/c"}});
  EXPECT_THAT(scalars->config.http.tls.client_cas, ElementsAre("/b", "/c"));
  const auto maps = read("", {{"REGISTRY_HEALTH_TCP_0_ADDR", "a:1"},
                              {"REGISTRY_HEALTH_TCPCHECKERS_0_TIMEOUT", "3s"},
                              {"REGISTRY_HEALTH_TCPCHECKERS_1", "{addr: 'b:2'}"}});
  // TCPCHECKERS sorts before TCP_: the element is there when its address comes.
  ASSERT_EQ(maps->config.health.tcp.size(), 2U);
  EXPECT_EQ(maps->config.health.tcp[0].address, "a:1");
  EXPECT_EQ(maps->config.health.tcp[0].timeout, std::chrono::seconds(3));
  EXPECT_EQ(maps->config.health.tcp[1].address, "b:2");
}

TEST(Environment, RefusesAGapInAList) {
  EXPECT_THAT(lines(read("", {{"REGISTRY_HTTP_TLS_CLIENTCAS_1", "/c"}})->report.errors),
              ElementsAre("REGISTRY_HTTP_TLS_CLIENTCAS_1: http.tls.clientcas: undefined index: elements are set in "
                          "order, the next one appends"));
  EXPECT_THAT(lines(read("", {{"REGISTRY_HEALTH_TCPCHECKERS_3_ADDR", "b:2"}})->report.errors),
              ElementsAre(HasSubstr("health.tcp[].addr: undefined index")));
}

TEST(Environment, SetsKeysOfMapsAlsoWithUnderscoresAndDashes) {
  const auto loaded = read("log: {fields: {Service: a}}\nhttp: {headers: {X-Content-Type-Options: [nosniff]}}\n",
                           {{"REGISTRY_LOG_FIELDS_SERVICE", "b"},
                            {"REGISTRY_LOG_FIELDS_DATA_CENTRE", "eu"},
                            {"REGISTRY_HTTP_HEADERS_X_CONTENT_TYPE_OPTIONS", "[sniff]"},
                            {"REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin", "['*']"}});
  EXPECT_THAT(loaded->config.log.fields, ElementsAre(Pair("Service", "b"), Pair("data_centre", "eu")));
  EXPECT_THAT(loaded->config.http.headers, ElementsAre(Pair("X-Content-Type-Options", ElementsAre("sniff")),
                                                       Pair("access-control-allow-origin", ElementsAre("*"))));
  EXPECT_EQ(shown(*read("", {{"REGISTRY_STORAGE", "azure"}, {"REGISTRY_STORAGE_AZURE_MAX_RETRIES", "9"}}),
                  "storage.azure.max_retries"),
            "9");
}

TEST(Environment, TakesStringsThatAreNoYamlAsTheyStand) {
  EXPECT_EQ(read("", {{"REGISTRY_HTTP_SECRET", "%a: b{"}})->config.http.secret, "%a: b{");
  EXPECT_EQ(read("", {{"REGISTRY_HTTP_SECRET", "#abc"}})->config.http.secret, "#abc");
  EXPECT_EQ(read("", {{"REGISTRY_HTTP_SECRET", "[x"}})->config.http.secret, "[x");
  EXPECT_EQ(read("", {{"REGISTRY_HTTP_SECRET", "'quoted'"}})->config.http.secret, "quoted");
  EXPECT_EQ(read("http: {secret: x}\n", {{"REGISTRY_HTTP_SECRET", ""}})->config.http.secret, "");
}

TEST(Environment, EmptyMeansUnset) {
  const auto loaded = read("", {{"REGISTRY_PROXY_REMOTEURL", ""}, {"REGISTRY_HTTP_DRAINTIMEOUT", ""}});
  EXPECT_THAT(lines(loaded->report.errors), IsEmpty());
  EXPECT_THAT(lines(loaded->report.not_built), IsEmpty());
}

TEST(Environment, WarnsAboutVariablesThatNameNothing) {
  EXPECT_THAT(
      lines(read("", {{"REGISTRY_HTTP_ADRR", ":1"},
                      {"REGISTRY_PORT_5000_TCP_PROTO", "tcp"},
                      {"REGISTRY_VERSION", "0.1"},
                      {"REGISTRY_CONFIGURATION_PATH", "/x"},
                      {"REGISTRY_HTTP_ADDR_X", "1"},
                      {"REGISTRY_", "1"},
                      {"OTHER", "1"}})
                ->report.warnings),
      ElementsAre("REGISTRY_: unknown variable, ignored",
                  "REGISTRY_HTTP_ADDR_X: unknown variable, ignored (did you mean REGISTRY_HTTP_ADDR?)",
                  "REGISTRY_HTTP_ADRR: unknown variable, ignored (did you mean REGISTRY_HTTP_ADDR?)",
                  "REGISTRY_PORT_5000_TCP_PROTO: unknown variable, ignored", "REGISTRY_VERSION: has no effect"));
}

TEST(Environment, ReadsSecretsFromFiles) {
  const TemporaryDirectory directory;
  const std::string file = directory.file("secret");
  std::ofstream(file) << "p: ss#word\n";
  const auto loaded = read("", {{"REGISTRY_HTTP_SECRET_FILE", file}, {"REGISTRY_REDIS_PASSWORD_FILE", file}});
  EXPECT_EQ(loaded->config.http.secret, "p: ss#word");
  EXPECT_THAT(lines(loaded->report.warnings), IsEmpty());
  EXPECT_THAT(lines(read("", {{"REGISTRY_HTTP_SECRET_FILE", "/no/such"}})->report.errors),
              ElementsAre("REGISTRY_HTTP_SECRET_FILE: http.secret: /no/such: No such file or directory"));
  EXPECT_THAT(lines(read("", {{"REGISTRY_HTTP_DRAINTIMEOUT_FILE", file}})->report.warnings),
              ElementsAre(HasSubstr("unknown variable")));
}

TEST(Environment, DoesNotTouchListsAndMapsOfTheWrongShape) {
  const auto loaded = read("health: {tcp: {a: b}}\nhttp: {tls: x}\n",
                           {{"REGISTRY_HEALTH_TCP_0_ADDR", "a:1"}, {"REGISTRY_HTTP_TLS_MINIMUMTLS", "tls1.3"}});
  EXPECT_THAT(lines(loaded->report.errors), IsEmpty());
  EXPECT_EQ(loaded->config.health.tcp.size(), 1U);
  EXPECT_TRUE(loaded->config.http.tls.is_tls13_only);
}

TEST(VariableName, FollowsDistributionsSpelling) {
  ServerConfig config;
  SettingNode root;
  describe_settings(root, config);
  EXPECT_EQ(variable_name(*find_setting(root, "http.tls.certificate")), "REGISTRY_HTTP_TLS_CERTIFICATE");
  EXPECT_EQ(variable_name(*find_setting(root, "health.file[].file")), "REGISTRY_HEALTH_FILECHECKERS_0_FILE");
  EXPECT_EQ(variable_name(*find_setting(root, "storage.azure.max_retries")), "REGISTRY_STORAGE_AZURE_MAX_RETRIES");
}

TEST(RegistryEnvironment, HasOnlyOurVariables) {
  ::setenv("REGISTRY_HTTP_ADDR", ":1=2", 1);
  ::setenv("XREGISTRY_A", "b", 1);
  const Environment variables = registry_environment();
  EXPECT_THAT(variables, testing::Contains(Pair("REGISTRY_HTTP_ADDR", ":1=2")));
  for (const auto& [name, value] : variables) EXPECT_TRUE(name.starts_with("REGISTRY_"));
  ::unsetenv("REGISTRY_HTTP_ADDR");
  ::unsetenv("XREGISTRY_A");
}

}  // namespace
}  // namespace berth
