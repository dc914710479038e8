#include "content/json_document.h"

#include <algorithm>
#include <bit>
#include <boost/json/basic_parser_impl.hpp>
#include <functional>
#include <limits>
#include <utility>

#include "content/printable.h"

namespace berth {
namespace {

// Longer paths than any field of a manifest that we read; the rest of a hostile one is of no use to anybody.
constexpr std::size_t kMaxPathBytes = 300;

// Few keys are compared pair by pair, which beats sorting; many are sorted.
constexpr std::size_t kPairwiseKeys = 16;

bool is_shorter_or_less(std::string_view a, std::string_view b) {
  return a.size() != b.size() ? a.size() < b.size() : a < b;
}

}  // namespace

// The handler of Boost's basic_parser. Its callbacks return false, with a code set, to stop; refusal_ then has the
// words.
class JsonDocument::Builder {
 public:
  static constexpr std::size_t max_object_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_key_size = std::numeric_limits<std::size_t>::max();
  static constexpr std::size_t max_string_size = std::numeric_limits<std::size_t>::max();

  Builder(std::string_view bytes, const JsonLimits& limits) : bytes_(bytes), limits_(limits) {
    document_.nodes_.reserve(std::min(bytes.size() / 16 + 1, limits.value_count));
  }

  JsonDocument take_document() { return std::move(document_); }
  const std::string& refusal() const { return refusal_; }

  using error_code = boost::json::error_code;
  using string_view = boost::json::string_view;

  bool on_document_begin(error_code&) { return true; }
  bool on_document_end(error_code&) { return true; }

  bool on_object_begin(error_code& ec) { return open(JsonKind::object, ec); }
  bool on_object_end(std::size_t size, error_code& ec) {
    const std::uint32_t object = close();
    const std::optional<std::string_view> twice = find_duplicate_key(object, size);
    if (!twice) return true;
    return stop(path_to(object, *twice) + ": appears twice", ec);
  }
  bool on_array_begin(error_code& ec) { return open(JsonKind::array, ec); }
  bool on_array_end(std::size_t, error_code&) {
    close();
    return true;
  }

  bool on_key_part(string_view part, std::size_t, error_code&) { return keep_part(part); }
  bool on_key(string_view last, std::size_t, error_code&) {
    key_ = whole_string(last);
    return true;
  }
  bool on_string_part(string_view part, std::size_t, error_code&) { return keep_part(part); }
  bool on_string(string_view last, std::size_t, error_code& ec) {
    const std::string_view text = whole_string(last);
    Node* node = add(JsonKind::string, ec);
    if (node == nullptr) return false;
    node->text = text.data();
    node->number = text.size();
    return true;
  }

  bool on_number_part(string_view, error_code&) { return true; }
  bool on_int64(std::int64_t value, string_view, error_code& ec) {
    return add_integer(value < 0 ? kOutOfRange : static_cast<std::uint64_t>(value), ec);
  }
  bool on_uint64(std::uint64_t value, string_view, error_code& ec) {
    return add_integer(value > std::uint64_t{std::numeric_limits<std::int64_t>::max()} ? kOutOfRange : value, ec);
  }
  bool on_double(double value, string_view, error_code& ec) {
    return add_number(JsonKind::other_number, std::bit_cast<std::uint64_t>(value), ec);
  }
  bool on_bool(bool value, error_code& ec) { return add_number(JsonKind::boolean, value ? 1 : 0, ec); }
  bool on_null(error_code& ec) { return add(JsonKind::null, ec) != nullptr; }
  bool on_comment_part(string_view, error_code&) { return true; }
  bool on_comment(string_view, error_code&) { return true; }

 private:
  bool stop(std::string refusal, error_code& ec) {
    refusal_ = std::move(refusal);
    ec = boost::json::error::exception;  // any code: refusal_ says what it is
    return false;
  }

  Node* add(JsonKind kind, error_code& ec) {
    std::vector<Node>& nodes = document_.nodes_;
    if (nodes.size() >= limits_.value_count) {
      stop("more than " + std::to_string(limits_.value_count) + " JSON values", ec);
      return nullptr;
    }
    const auto index = static_cast<std::uint32_t>(nodes.size());
    nodes.push_back(Node{.key = key_, .text = nullptr, .number = 0, .end = index + 1, .kind = kind});
    key_ = {};
    return &nodes.back();
  }
  bool add_integer(std::uint64_t value, error_code& ec) { return add_number(JsonKind::integer, value, ec); }
  bool add_number(JsonKind kind, std::uint64_t number, error_code& ec) {
    Node* node = add(kind, ec);
    if (node == nullptr) return false;
    node->number = number;
    return true;
  }

  bool open(JsonKind kind, error_code& ec) {
    if (add(kind, ec) == nullptr) return false;
    open_.push_back(static_cast<std::uint32_t>(document_.nodes_.size() - 1));
    return true;
  }
  std::uint32_t close() {
    const std::uint32_t container = open_.back();
    open_.pop_back();
    document_.nodes_[container].end = static_cast<std::uint32_t>(document_.nodes_.size());
    return container;
  }

  bool keep_part(string_view part) {
    parts_.append(part.data(), part.size());
    return true;
  }
  // A string without escapes is handed over as a view of the input and stays one.
  std::string_view whole_string(string_view last) {
    const std::less_equal<const char*> at_most;
    const bool is_in_input =
        at_most(bytes_.data(), last.data()) && at_most(last.data() + last.size(), bytes_.data() + bytes_.size());
    if (parts_.empty() && is_in_input) return {last.data(), last.size()};
    keep_part(last);
    if (parts_.empty()) return {};
    document_.unescaped_.push_front(std::exchange(parts_, {}));
    return document_.unescaped_.front();
  }

  std::optional<std::string_view> find_duplicate_key(std::uint32_t object, std::size_t size) {
    const std::vector<Node>& nodes = document_.nodes_;
    const std::uint32_t end = nodes[object].end;
    if (size <= kPairwiseKeys) {
      for (std::uint32_t a = object + 1; a < end; a = nodes[a].end) {
        for (std::uint32_t b = nodes[a].end; b < end; b = nodes[b].end) {
          if (nodes[a].key == nodes[b].key) return nodes[b].key;
        }
      }
      return std::nullopt;
    }
    sorted_keys_.clear();
    for (std::uint32_t child = object + 1; child < end; child = nodes[child].end)
      sorted_keys_.push_back(nodes[child].key);
    std::ranges::sort(sorted_keys_, is_shorter_or_less);
    const auto twice = std::ranges::adjacent_find(sorted_keys_);
    if (twice == sorted_keys_.end()) return std::nullopt;
    return *twice;
  }

  // "layers[2].annotations.key": `object` was just closed, open_ has its ancestors.
  std::string path_to(std::uint32_t object, std::string_view key) const {
    const std::vector<Node>& nodes = document_.nodes_;
    std::vector<std::uint32_t> way = open_;
    way.push_back(object);
    std::string path;
    for (std::size_t i = 1; i < way.size() && path.size() < kMaxPathBytes; ++i) {
      if (nodes[way[i - 1]].kind == JsonKind::array) {
        std::size_t position = 0;
        for (std::uint32_t sibling = way[i - 1] + 1; sibling != way[i]; sibling = nodes[sibling].end) ++position;
        path += '[' + std::to_string(position) + ']';
      } else {
        if (!path.empty()) path += '.';
        path += printable(nodes[way[i]].key);
      }
    }
    if (!path.empty()) path += '.';
    return path + printable(key);
  }

  // Fixed after construction.
  const std::string_view bytes_;
  const JsonLimits limits_;

  JsonDocument document_;
  std::vector<std::uint32_t> open_;  // containers around the parser's position
  std::string_view key_;             // of the value that comes next
  std::string parts_;                // of a string that comes in pieces
  std::vector<std::string_view> sorted_keys_;
  std::string refusal_;
};

Result<JsonDocument> JsonDocument::parse(std::string_view bytes, const JsonLimits& limits) {
  boost::json::parse_options options;
  options.max_depth = limits.nesting_depth;
  boost::json::basic_parser<Builder> parser(options, bytes, limits);
  boost::json::error_code error;
  const std::size_t used = parser.write_some(false, bytes.data(), bytes.size(), error);
  if (!error && used != bytes.size()) error = boost::json::error::extra_data;
  Builder& builder = parser.handler();
  if (!builder.refusal().empty()) return refuse(ErrorCode::manifest_invalid, builder.refusal());
  if (error == boost::json::error::too_deep) {
    return refuse(ErrorCode::manifest_invalid,
                  "nested deeper than " + std::to_string(limits.nesting_depth) + " arrays and objects");
  }
  if (error) return refuse(ErrorCode::manifest_invalid, "not valid JSON in UTF-8: " + error.message());
  return builder.take_document();
}

JsonKind JsonValue::kind() const {
  return document_->nodes_[index_].kind;
}

std::string_view JsonValue::key() const {
  return document_->nodes_[index_].key;
}

std::optional<std::string_view> JsonValue::as_string() const {
  const JsonDocument::Node& node = document_->nodes_[index_];
  if (node.kind != JsonKind::string) return std::nullopt;
  return std::string_view(node.text, node.number);
}

std::optional<bool> JsonValue::as_boolean() const {
  const JsonDocument::Node& node = document_->nodes_[index_];
  if (node.kind != JsonKind::boolean) return std::nullopt;
  return node.number != 0;
}

std::optional<std::uint64_t> JsonValue::as_whole_number() const {
  const JsonDocument::Node& node = document_->nodes_[index_];
  if (node.kind != JsonKind::integer || node.number == JsonDocument::kOutOfRange) return std::nullopt;
  return node.number;
}

std::optional<double> JsonValue::as_number() const {
  if (const std::optional<std::uint64_t> whole = as_whole_number()) return static_cast<double>(*whole);
  const JsonDocument::Node& node = document_->nodes_[index_];
  if (node.kind != JsonKind::other_number) return std::nullopt;
  const double value = std::bit_cast<double>(node.number);
  return value >= 0 ? std::optional(value) : std::nullopt;
}

std::optional<JsonValue> JsonValue::find(std::string_view name) const {
  if (kind() != JsonKind::object) return std::nullopt;
  for (std::optional<JsonValue> member = first_child(); member; member = member->next_sibling()) {
    if (member->key() == name) return member;
  }
  return std::nullopt;
}

std::optional<JsonValue> JsonValue::first_child() const {
  const std::uint32_t end = document_->nodes_[index_].end;
  if (index_ + 1 == end) return std::nullopt;
  return JsonValue(*document_, index_ + 1, end);
}

std::optional<JsonValue> JsonValue::next_sibling() const {
  const std::uint32_t next = document_->nodes_[index_].end;
  if (next == parent_end_) return std::nullopt;
  return JsonValue(*document_, next, parent_end_);
}

}  // namespace berth
