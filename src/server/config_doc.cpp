#include "server/config_doc.h"

#include <fmt/format.h>

#include <algorithm>

#include "server/config.h"
#include "server/config_loader.h"
#include "server/settings.h"

namespace berth {
namespace {

constexpr std::string_view kIntroduction = R"(# Configuration

<!-- Made by `berth config doc > docs/configuration.md` from the declarations in src/server/settings_*.cpp. -->

Berth reads Distribution's `config.yml` (of `registry:2` and `registry:3`) as it is. Sections and keys marked *Berth's own*
are additions.

**Where it comes from.** `berth serve FILE`, or `registry serve FILE` and `registry FILE` with Distribution's fallback to
`REGISTRY_CONFIGURATION_PATH`. `berth serve` without a file uses:

```yaml
{}```

The file is YAML of at most 1 MiB with anchors and merge keys (`<<`). Of duplicate keys the last wins, with a warning. A
bad value is one line, `config.yml:12: http.draintimeout: "abc" is not a duration (like 30s)`, and exit code 1. An unknown
key is a warning with its full path and the nearest known name; `berth config check FILE` shows all of them without
serving, `--strict` makes them errors.

**Environment.** Every key can be set by a variable: `REGISTRY_` and the path in capitals, joined by `_`
(`REGISTRY_HTTP_TLS_CERTIFICATE`). Variables win over the file and are applied in the order of their names. Values are
YAML, so whole sections work (`REGISTRY_HTTP='{{addr: ":5000"}}'`); a string that is no YAML scalar is taken as it stands.
Elements of lists are set by index (`REGISTRY_HTTP_TLS_CLIENTCAS_0`), the index after the last appends. `REGISTRY_STORAGE=s3`
replaces the whole section, and `REGISTRY_STORAGE_S3_BUCKET` then fills it. For text values, `NAME_FILE` reads the value
from a file. Unknown variables are warnings.

**Types.** A *duration* is Go's (`168h`, `1m30s`, `250ms`); where Distribution takes a bare number it counts nanoseconds.
*bytes* are a number or `64KiB`, `4MiB`, `1GiB` (powers of 1024), `4MB` (powers of 1000). A *map of lists* is
`{{Name: [value, value]}}`. An empty value leaves the default.

**States.** *Not built yet*: the key is read and checked, and `berth serve` refuses to start while it asks for something.
*No effect*: it is accepted with one line in the log. *Reload*: `SIGHUP` brings a change into force; all else needs a
restart.
)";

std::string escaped(std::string text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') result += '\\';
    result += c;
  }
  return result;
}

std::string code(const std::string& text) {
  return text.empty() ? "" : "`" + text + "`";
}

std::string state(const SettingNode& node) {
  if (!node.options.replaced_by.empty()) return fmt::format(" Read as `{}`, with a warning.", node.options.replaced_by);
  // Said once, at the top of what it holds for.
  if (node.parent != nullptr && node.parent->status == node.status && node.parent->parent != nullptr) return "";
  switch (node.status) {
    case SettingStatus::active:
      return "";
    case SettingStatus::accepted_no_op:
      return " *No effect:* " + node.options.reason + ".";
    case SettingStatus::not_built_yet:
      return " *Not built yet.*";
  }
  return "";
}

std::string type_of(const SettingNode& node) {
  switch (node.kind) {
    case SettingNode::Kind::section:
      return node.binding ? "map, or " + node.binding->type : "";
    case SettingNode::Kind::list_of_sections:
      return "list of maps";
    case SettingNode::Kind::value:
      break;
  }
  const std::string& bounds = node.binding->bounds;
  return bounds.empty() ? node.binding->type : node.binding->type + ", " + bounds;
}

std::string meaning(const SettingNode& node) {
  std::string text = node.help + state(node);
  if (node.options.reload == SettingReload::live) text += " *Reload.*";
  if (!node.options.variable.empty()) text += fmt::format(" Also `{}`.", variable_name(node));
  return escaped(text);
}

void write_rows(const SettingNode& node, std::string& page) {
  const std::string shown_default =
      node.kind == SettingNode::Kind::value && node.default_text != "[]" && node.default_text != "{}"
          ? code(node.default_text)
          : "";
  page += fmt::format("| `{}` | {} | {} | {} |\n", node.path, type_of(node), shown_default, meaning(node));
  for (const auto& child : node.children) write_rows(*child, page);
  if (node.element) {
    for (const auto& child : node.element->children) write_rows(*child, page);
  }
}

constexpr std::string_view kTableHead = "\n| Key | Type | Default | Meaning |\n|---|---|---|---|\n";

void write_section(const SettingNode& section, std::string& page) {
  page += fmt::format("\n## {}\n\n{}\n", section.key, meaning(section));
  page += kTableHead;
  for (const auto& child : section.children) write_rows(*child, page);
  if (!section.element) return;
  for (const auto& child : section.element->children) write_rows(*child, page);
}

}  // namespace

std::string config_document() {
  ServerConfig config;
  SettingNode root;
  describe_settings(root, config);
  std::string page = fmt::format(fmt::runtime(kIntroduction), builtin_config());
  page += "\n## Top level\n";
  page += kTableHead;
  for (const auto& child : root.children) {
    if (child->kind == SettingNode::Kind::value) write_rows(*child, page);
  }
  for (const auto& child : root.children) {
    if (child->kind != SettingNode::Kind::value) write_section(*child, page);
  }
  return page;
}

}  // namespace berth
