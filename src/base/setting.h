// Settings: each is declared once, with its key, type, default, bounds, help and state. From the declarations come
// loading with type errors, warnings about unknown keys, the environment's names, and the reference page.
//
// A declaration binds a key to a field of the caller's options struct, so the field's initial value is the default:
//
//   void describe_settings(SettingSection& root, HttpConfig& http) {
//     SettingSection section = root.section("http", "The listener.");
//     section.value("addr", text(http.addr), "Address to listen on.");
//     section.value("draintimeout", duration(http.draintimeout), "Time for requests under way when stopping.");
//   }
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/config_value.h"
#include "base/setting_binding.h"

namespace berth {

enum class SettingStatus {
  active,          ///< does what its help says
  accepted_no_op,  ///< read and checked, without effect; a line says so
  not_built_yet,   ///< checked, but serving refuses to start with it: a feature that is missing must not look present
};

enum class SettingReload {
  needs_restart,
  live,  ///< SIGHUP brings it into force
};

/// What a declaration may add. Status and reason are inherited by everything below a section.
struct SettingOptions {
  std::optional<SettingStatus> status = {};
  std::string reason = {};    ///< why it has no effect, or what is missing
  std::string variable = {};  ///< the environment's spelling of this key if it is not the key in capitals
  /// A word the environment may have between this section and its keys (Distribution 3.0's REDIS_OPTIONS_ADDRS).
  std::string variable_infix = {};
  SettingReload reload = SettingReload::needs_restart;
  std::string harmless = {};     ///< not_built_yet: the value that asks for nothing ("false")
  bool is_secret = false;        ///< never shown; may come from a file named by VARIABLE_FILE
  std::string replaced_by = {};  ///< an old spelling: using it warns and names this one
  /// A section that picks one of its children by name: `storage: inmemory` stands for `storage: {inmemory: {}}`.
  bool is_choice = false;
  /// A child of a choice: being there, even empty, asks for it.
  bool is_alternative = false;
  /// Keys that nobody declared are the owner's business and not reported here (the owner does).
  bool is_open = false;
};

/// One key of the tree of declarations. Lifetime: bound to the options struct that it was described with.
struct SettingNode {
  enum class Kind { section, value, list_of_sections };

  Kind kind = Kind::section;
  std::string key;
  std::string path;  ///< "http.tls.certificate", "http.listeners[].addr"
  std::string help;
  SettingOptions options;
  SettingStatus status = SettingStatus::active;
  std::string default_text;  ///< values: what holds without the key

  SettingNode* parent = nullptr;
  std::vector<std::unique_ptr<SettingNode>> children;
  /// Of a value; of a section that may also be written as one value.
  std::optional<SettingBinding> binding;
  /// Of a list: appends an element to the options and describes that element below the node given.
  std::function<void(SettingNode& element)> append_element;
  /// Of a list: removes all elements.
  std::function<void()> clear_elements;
  /// Of a list: describes the elements there are, one below each node added.
  std::function<void(std::vector<std::unique_ptr<SettingNode>>& elements)> describe_elements;
  /// Of a list: what an element may hold, for the reference page and the environment.
  std::unique_ptr<SettingNode> element;

  /// Values that no option struct has a field for (accepted or not built), kept alive with the tree.
  std::vector<std::shared_ptr<void>> owned;

  const SettingNode* find(std::string_view child_key) const;
  /// What the bound field holds now, as text: `[a, b]`, `168h`.
  std::string show() const;
};

/// The declaring side of a node: owners of settings get one and add to it.
class SettingSection {
 public:
  explicit SettingSection(SettingNode& node) : node_(node) {}

  SettingSection section(std::string key, std::string help, SettingOptions options = {});
  void value(std::string key, SettingBinding binding, std::string help, SettingOptions options = {});
  /// The section may also be written as one scalar (`timeout: 30s`).
  void also_scalar(SettingBinding binding) { node_.binding = std::move(binding); }

  /// A list of maps. `describe` is called for every element with the element's fields.
  template <class T>
  void list(std::string key, std::vector<T>& target, void (*describe)(SettingSection&, T&), std::string help,
            SettingOptions options = {});

  /// Storage for a key that has no field in the options: lives as long as the declarations.
  template <class T>
  T& own(T initial = {}) {
    auto value = std::make_shared<T>(std::move(initial));
    node_.owned.push_back(value);
    return *value;
  }

 private:
  SettingNode& add(SettingNode::Kind kind, std::string key, std::string help, SettingOptions options);
  static std::unique_ptr<SettingNode> make_element(SettingNode& list);

  SettingNode& node_;
};

template <class T>
void SettingSection::list(std::string key, std::vector<T>& target, void (*describe)(SettingSection&, T&),
                          std::string help, SettingOptions options) {
  SettingNode& node = add(SettingNode::Kind::list_of_sections, std::move(key), std::move(help), std::move(options));
  auto sample = std::make_shared<T>();
  node.owned.push_back(sample);
  node.element = make_element(node);
  SettingSection element(*node.element);
  describe(element, *sample);
  node.append_element = [&target, describe](SettingNode& below) {
    target.emplace_back();
    SettingSection section(below);
    describe(section, target.back());
  };
  node.clear_elements = [&target] { target.clear(); };
  node.describe_elements = [&target, &node, describe](std::vector<std::unique_ptr<SettingNode>>& elements) {
    for (T& item : target) {
      elements.push_back(make_element(node));
      SettingSection section(*elements.back());
      describe(section, item);
    }
  };
}

}  // namespace berth
