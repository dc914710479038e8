#include "server/yaml_reader.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>
#include <unordered_map>

namespace berth {
namespace {

/// Leaves the parser from inside a callback.
struct Refusal {
  ConfigPosition position;
  std::string reason;
};

constexpr std::string_view kStringTag = "tag:yaml.org,2002:str";
constexpr std::string_view kQuotedTag = "!";

bool is_plain_tag(const std::string& tag) {
  return tag.empty() || tag == "?";
}

class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(const YamlOptions& options, std::vector<SettingProblem>& warnings)
      : options_(options), warnings_(warnings) {}

  ConfigValue take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    count(1, mark);
    place(ConfigValue::null(at(mark)), anchor, IsMergeable::no);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const auto found = anchors_.find(anchor);
    if (found == anchors_.end()) throw Refusal{at(mark), "an alias inside of what it stands for"};
    count(found->second.node_count, mark);
    place(found->second.value, YAML::NullAnchor, IsMergeable::no);
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    const bool is_text = tag == kQuotedTag || tag == kStringTag;
    count(1, mark);
    place(ConfigValue::scalar(value, is_text ? ConfigValue::Style::text : ConfigValue::Style::plain, at(mark)), anchor,
          is_plain_tag(tag) ? IsMergeable::yes : IsMergeable::no);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(ConfigValue::list(at(mark)), anchor, mark);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(ConfigValue::map(at(mark)), anchor, mark);
  }
  void OnMapEnd() override { close(); }

 private:
  enum class IsMergeable { no, yes };

  struct Anchored {
    ConfigValue value;
    std::size_t node_count;
  };

  /// A list or map that is being read.
  struct Frame {
    ConfigValue value;
    YAML::anchor_t anchor;
    std::size_t count_before;
    // Of a map.
    std::optional<std::string> key = {};
    ConfigPosition key_position = {};
    bool is_merge = false;
    std::unordered_map<std::string, std::size_t> index = {};  ///< of the entries
    std::vector<ConfigValue> merges = {};
  };

  ConfigPosition at(const YAML::Mark& mark) const {
    if (!options_.has_lines || mark.line < 0) return {options_.source, 0};
    return {options_.source, static_cast<std::size_t>(mark.line) + 1};
  }

  void count(std::size_t nodes, const YAML::Mark& mark) {
    count_ += nodes;
    if (count_ > options_.node_limit) {
      throw Refusal{at(mark), fmt::format("more than {} values", options_.node_limit)};
    }
  }

  void open(ConfigValue value, YAML::anchor_t anchor, const YAML::Mark& mark) {
    if (frames_.size() >= options_.depth_limit) {
      throw Refusal{at(mark), fmt::format("nested more than {} deep", options_.depth_limit)};
    }
    if (!frames_.empty() && frames_.back().value.is_map() && !frames_.back().key && !frames_.back().is_merge) {
      throw Refusal{at(mark), "a key must be a word"};
    }
    frames_.push_back({std::move(value), anchor, count_});
    count(1, mark);
  }

  void close() {
    Frame frame = std::move(frames_.back());
    frames_.pop_back();
    for (const ConfigValue& merged : frame.merges) merge(frame, merged);
    place(std::move(frame.value), frame.anchor, IsMergeable::no);
  }

  void merge(Frame& frame, const ConfigValue& merged) {
    if (merged.is_list()) {
      for (const ConfigValue& item : merged.items()) {
        if (!item.is_map()) throw Refusal{item.position(), not_a(item, "a map that << could merge")};
        merge(frame, item);
      }
      return;
    }
    if (!merged.is_map()) throw Refusal{merged.position(), not_a(merged, "a map that << could merge")};
    for (const ConfigEntry& entry : merged.entries()) {
      if (frame.index.contains(entry.key)) continue;
      frame.index.emplace(entry.key, frame.value.entries().size());
      frame.value.entries().push_back(entry);
    }
  }

  /// A value is complete: it becomes the root, an element, a key, or the value of the key before it.
  void place(ConfigValue value, YAML::anchor_t anchor, IsMergeable mergeable) {
    if (anchor != YAML::NullAnchor) anchors_.insert_or_assign(anchor, Anchored{value, value.node_count()});
    if (frames_.empty()) {
      root_ = std::move(value);
      return;
    }
    Frame& frame = frames_.back();
    if (frame.value.is_list()) {
      frame.value.items().push_back(std::move(value));
    } else if (frame.is_merge) {
      frame.is_merge = false;
      frame.merges.push_back(std::move(value));
    } else if (!frame.key) {
      if (!value.is_scalar()) throw Refusal{value.position(), "a key must be a word"};
      frame.is_merge = mergeable == IsMergeable::yes && value.text() == "<<";
      if (!frame.is_merge) frame.key = value.text();
      frame.key_position = value.position();
    } else {
      place_entry(frame, std::move(value));
    }
  }

  void place_entry(Frame& frame, ConfigValue value) {
    const std::string key = std::move(*frame.key);
    frame.key.reset();
    const auto [known, is_new] = frame.index.emplace(key, frame.value.entries().size());
    if (is_new) {
      frame.value.entries().push_back({key, frame.key_position, std::move(value)});
      return;
    }
    ConfigEntry& entry = frame.value.entries()[known->second];
    const std::string first =
        entry.position.line == 0 ? std::string() : fmt::format(" over the one in line {}", entry.position.line);
    warnings_.push_back({frame.key_position, path_of(key), "duplicate key, the last one wins" + first});
    entry.position = frame.key_position;
    entry.value = std::move(value);
  }

  /// "http.tls.key" for a key of the innermost map.
  std::string path_of(const std::string& key) const {
    std::string path;
    for (const Frame& frame : frames_) {
      if (frame.value.is_list()) path += fmt::format("[{}]", frame.value.items().size());
      if (frame.key) path += (path.empty() ? "" : ".") + *frame.key;
    }
    return path.empty() ? key : path + "." + key;
  }

  const YamlOptions& options_;
  std::vector<SettingProblem>& warnings_;
  ConfigValue root_;
  std::vector<Frame> frames_;
  std::unordered_map<YAML::anchor_t, Anchored> anchors_;
  std::size_t count_ = 0;
};

std::string one_line(std::string text) {
  std::ranges::replace(text, '\n', ' ');
  return text;
}

}  // namespace

std::expected<ConfigValue, SettingProblem> read_yaml(std::string_view text, const YamlOptions& options,
                                                     std::vector<SettingProblem>& warnings) {
  std::istringstream stream{std::string(text)};
  TreeBuilder builder(options, warnings);
  try {
    YAML::Parser parser(stream);
    if (!parser.HandleNextDocument(builder)) return ConfigValue::null({options.source, 0});
    if (parser) warnings.push_back({{options.source, 0}, "", "only the first of several documents is read"});
    return builder.take_root();
  } catch (const Refusal& refusal) {
    return std::unexpected(SettingProblem{refusal.position, "", refusal.reason});
  } catch (const YAML::Exception& error) {
    const bool has_line = options.has_lines && error.mark.line >= 0;
    const ConfigPosition position{options.source, has_line ? static_cast<std::size_t>(error.mark.line) + 1 : 0};
    return std::unexpected(SettingProblem{position, "", "not YAML: " + one_line(error.msg)});
  }
}

}  // namespace berth
