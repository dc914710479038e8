// What the commands for accounts have in common: a request, its answer as JSON, and lists as tables.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "apps/berth/commands.h"
#include "server/administration.h"
#include "server/config_loader.h"

namespace berth {

/// Where a command finds the Berth it is for, and how it answers.
struct AdminOptions {
  std::optional<std::string> config_file;
  OutputForm form = OutputForm::people;
};

/// Threading: one thread, which blocks.
class AdminClient {
 public:
  /// Loads the configuration: --config, else REGISTRY_CONFIGURATION_PATH, else what `berth serve` uses without one.
  /// Throws Failure(internal) with what is wrong with it.
  explicit AdminClient(const AdminOptions& options);

  OutputForm form() const { return options_.form; }
  const std::optional<std::string>& config_file() const { return options_.config_file; }

  /// The answer's object; empty for an answer without one. Throws Failure(internal) with the server's words for a
  /// refusal.
  boost::json::object ask(const std::string& method, const std::string& target, const boost::json::object& body = {});
  /// All entries of a list: `name` is the list's in the answer, `key` what its entries are walked by.
  boost::json::array list(const std::string& target, std::string_view name, std::string_view key);

 private:
  const AdminOptions options_;
  const LoadedConfig config_;
  Administration administration_;
};

/// Asks for the view of a run again and again, more slowly while nothing happens, until it is no longer running; `show`
/// prints what is new in a view and says from which number on to ask next. The last view.
boost::json::object watch_run(AdminClient& client, const std::string& path,
                              const std::function<std::uint64_t(const boost::json::object& view)>& show);

std::uint64_t number_of(const boost::json::object& object, std::string_view field);

/// A field as people read it: "-" for null and empty, words of a list with commas.
std::string text_of(const boost::json::object& object, std::string_view field);

/// A line of titles, then one an entry; columns as wide as what stands in them. (title, field) each.
void print_table(const boost::json::array& entries,
                 std::initializer_list<std::pair<std::string_view, std::string_view>> columns);
void print_json(const boost::json::value& value);

/// "1.3 GiB", as people read it; the exact figure stands beside it.
std::string human(std::uint64_t bytes);

/// A name as a segment of a path.
std::string segment(const std::string& name);

}  // namespace berth
