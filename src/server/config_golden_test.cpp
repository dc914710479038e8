// tests/golden/config_keys.tsv through the real loader: each key from a file and from each of its variables.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <set>
#include <sstream>

#include "server/config_loader.h"
#include "server/settings.h"

namespace berth {
namespace {

using testing::HasSubstr;
using testing::IsEmpty;

struct Row {
  std::string key;
  std::string example;
  std::vector<std::string> variables;
  std::string verdict;
  std::string effective;
  std::string shown_at;
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

std::vector<Row> golden_rows() {
  std::vector<Row> rows;
  std::ifstream file(BERTH_SOURCE_DIR "/tests/golden/config_keys.tsv");
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> cells = split(line, '\t');
    EXPECT_EQ(cells.size(), 6U) << line;
    rows.push_back({cells[0], cells[1], split(cells[2], ' '), cells[3], cells[4], cells[5]});
  }
  return rows;
}

bool is_driver_key(const std::string& key) {
  static const std::set<std::string> kDrivers{"filesystem", "inmemory", "s3", "s3aws", "azure", "gcs", "swift", "oss"};
  const std::vector<std::string> parts = split(key, '.');
  return parts.size() > 1 && parts[0] == "storage" && kDrivers.contains(parts[1]);
}

/// `{a: {b: [{c: VALUE}]}}` for a.b[].c.
std::string nested(const std::vector<std::string>& parts, std::size_t from, const std::string& value) {
  if (from == parts.size()) return value;
  std::string key = parts[from];
  const bool is_list = key.ends_with("[]");
  if (is_list) key.resize(key.size() - 2);
  const std::string below = nested(parts, from + 1, value);
  return "{" + key + ": " + (is_list ? "[" + below + "]" : below) + "}";
}

std::string file_with(const std::string& key, const std::string& value) {
  const std::vector<std::string> parts = split(key, '.');
  std::string text = key == "version" ? "" : "version: 0.1\n";
  if (parts[0] != "storage") text += "storage: inmemory\n";
  std::string inner = nested(parts, 1, value);
  if (parts[0] == "storage" && !is_driver_key(key)) inner.insert(1, "inmemory: {}, ");
  if (parts[0].ends_with("[]")) return text + parts[0].substr(0, parts[0].size() - 2) + ": [" + inner + "]\n";
  return text + parts[0] + ": " + inner + "\n";
}

/// What a key cannot do without, set beside it.
Environment companions_of(const std::string& key, const std::string& variable) {
  static const std::vector<std::pair<std::string, std::vector<std::pair<std::string, std::string>>>> kCompanions{
      {"auth.htpasswd.", {{"AUTH_HTPASSWD_REALM", "r"}, {"AUTH_HTPASSWD_PATH", "/p"}}},
      {"auth.silly.", {{"AUTH_SILLY_REALM", "r"}, {"AUTH_SILLY_SERVICE", "s"}}},
      {"auth.token.",
       {{"AUTH_TOKEN_REALM", "r"}, {"AUTH_TOKEN_SERVICE", "s"}, {"AUTH_TOKEN_ISSUER", "i"}, {"AUTH_TOKEN_JWKS", "/j"}}},
      {"auth.certificate.", {{"HTTP_TLS_CLIENTCAS_0", "/ca.pem"}}},
      {"access[].", {{"AUTH_SILLY_REALM", "r"}, {"AUTH_SILLY_SERVICE", "s"}, {"ACCESS_0_WHO", "anonymous"}}},
      {"access[].who", {{"ACCESS_0_ALLOW", "pull"}}},
      {"access[].repositories", {{"ACCESS_0_ALLOW", "pull"}}},
      {"access[].tags", {{"ACCESS_0_ALLOW", "push"}}},
      {"quotas[].", {{"QUOTAS_0_REPOSITORIES", "team/**"}, {"QUOTAS_0_BYTES", "1GiB"}}},
  };
  Environment environment;
  std::string own;
  for (const char c : key) {
    if (c == '[') own += "_0";
    if (c != '[' && c != ']') own += c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  for (const auto& [prefix, variables] : kCompanions) {
    if (!key.starts_with(prefix)) continue;
    for (const auto& [name, value] : variables) {
      if (name != own && "REGISTRY_" + name != variable) environment.emplace_back("REGISTRY_" + name, value);
    }
  }
  return environment;
}

std::string shown(const SettingNode& root, const std::string& path) {
  const std::size_t element = path.find("[].");
  if (element == std::string::npos) {
    const SettingNode* node = find_setting(root, path);
    return node == nullptr ? "no setting " + path : node->binding->show();
  }
  const SettingNode* list = find_setting(root, path.substr(0, element));
  std::vector<std::unique_ptr<SettingNode>> elements;
  list->describe_elements(elements);
  if (elements.empty()) return "no element";
  return find_setting(*elements.front(), path.substr(element + 3))->binding->show();
}

void expect_verdict(const Row& row, const std::string& text, const Environment& environment) {
  SettingNode root;
  ServerConfig config;
  describe_settings(root, config);
  const SettingReport report = read_config(text, "golden.yml", environment, root, config);
  for (const SettingProblem& problem : report.warnings) {
    EXPECT_THAT(problem.reason, testing::Not(HasSubstr("unknown"))) << problem.line();
  }
  if (row.verdict.starts_with("error:")) {
    ASSERT_EQ(report.errors.size(), 1U);
    EXPECT_THAT(report.errors[0].line(), HasSubstr(row.verdict.substr(6)));
    return;
  }
  for (const SettingProblem& problem : report.errors) ADD_FAILURE() << problem.line();
  EXPECT_EQ(report.not_built.size(), row.verdict == "not-built" ? 1U : 0U);
  EXPECT_EQ(report.no_ops.size(), row.verdict == "no-op" ? 1U : 0U);
  EXPECT_THAT(row.verdict, testing::AnyOf("active", "not-built", "no-op"));
  if (row.shown_at != "-") EXPECT_EQ(shown(root, row.shown_at), row.effective);
}

TEST(ConfigGolden, EveryKeyHasItsVerdictFromAFile) {
  const std::vector<Row> rows = golden_rows();
  EXPECT_GT(rows.size(), 250U);
  for (const Row& row : rows) {
    SCOPED_TRACE(row.key);
    expect_verdict(row, file_with(row.key, row.example), companions_of(row.key, {}));
  }
}

TEST(ConfigGolden, EveryKeyHasItsVerdictFromEachOfItsVariables) {
  for (const Row& row : golden_rows()) {
    for (const std::string& variable : row.variables) {
      if (variable == "-") continue;
      SCOPED_TRACE(variable);
      std::string text = "version: 0.1\nstorage: inmemory\n";
      if (is_driver_key(row.key)) text = "version: 0.1\nstorage: {delete: {enabled: true}}\n";
      Environment environment = companions_of(row.key, variable);
      environment.emplace_back(variable, row.example);
      expect_verdict(row, text, environment);
    }
  }
}

void collect_keys(const SettingNode& node, std::set<std::string>& keys) {
  for (const auto& child : node.children) {
    if (child->kind == SettingNode::Kind::value) keys.insert(child->path);
    collect_keys(*child, keys);
    if (child->element) collect_keys(*child->element, keys);
  }
}

TEST(ConfigGolden, HasARowForEveryDeclaredKey) {
  ServerConfig config;
  SettingNode root;
  describe_settings(root, config);
  std::set<std::string> keys;
  collect_keys(root, keys);
  for (const Row& row : golden_rows()) keys.erase(row.key);
  EXPECT_THAT(keys, IsEmpty());
}

}  // namespace
}  // namespace berth
