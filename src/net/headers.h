// Headers: HTTP fields in the order they came, looked up without regard to case (RFC 9110, 5).
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace berth {

/// True if both are the same letters without regard to ASCII case.
bool equals_ignoring_case(std::string_view left, std::string_view right);

class Headers {
 public:
  using Field = std::pair<std::string, std::string>;

  /// The first field of that name.
  std::optional<std::string_view> find(std::string_view name) const;
  /// The values of all fields of that name, in order.
  std::vector<std::string_view> find_all(std::string_view name) const;
  bool contains(std::string_view name) const { return find(name).has_value(); }

  void add(std::string name, std::string value) { fields_.emplace_back(std::move(name), std::move(value)); }
  /// Replaces every field of that name by one.
  void set(std::string_view name, std::string value);
  void remove(std::string_view name);

  auto begin() const { return fields_.begin(); }
  auto end() const { return fields_.end(); }
  bool empty() const { return fields_.empty(); }
  std::size_t size() const { return fields_.size(); }

 private:
  std::vector<Field> fields_;
};

}  // namespace berth
