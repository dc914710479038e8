// garbage-collect: begins a run where the data is served, or here, and prints what it does as it goes on.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <string>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"

namespace berth {
namespace {

using boost::json::object;

class Printer {
 public:
  explicit Printer(const GarbageCollectOptions& options)
      : options_(options),
        // A line that is written over and over: only where nothing else is written.
        has_progress_(::isatty(STDERR_FILENO) == 1 && (options.is_quiet || ::isatty(STDOUT_FILENO) == 0)) {}

  void print_outcome(const object& outcome) {
    if (options_.form == OutputForm::json) return print_json(outcome);
    if (options_.is_quiet) return;
    const std::string kind = text_of(outcome, "kind");
    const std::string digest = text_of(outcome, "digest");
    if (text_of(outcome, "verdict") == "waiting") {
      if (!options_.is_verbose) return;
      fmt::print("{} waits until {} ({}): {}\n", kind, text_of(outcome, "until"), text_of(outcome, "keeper"), digest);
      return;
    }
    const std::string why = options_.is_verbose ? ": " + text_of(outcome, "why") : std::string();
    if (kind == "manifest") {
      std::string tags = text_of(outcome, "tags");
      if (tags == "-") tags.clear();
      fmt::print("manifest eligible for deletion: {{{} {} [{}]}}{}\n", text_of(outcome, "repository"), digest, tags,
                 why);
    } else if (kind == "link") {
      fmt::print("{}: layer link eligible for deletion: {}{}\n", text_of(outcome, "repository"), digest, why);
    } else {
      fmt::print("blob eligible for deletion: {} size {}{}\n", digest, number_of(outcome, "size"), why);
    }
  }

  /// What is new in a view, which begins at its `first`; the number of the next.
  std::uint64_t print_news(const object& view, std::uint64_t from) {
    const boost::json::array& outcomes = view.at("outcomes").as_array();
    const std::uint64_t first = number_of(view, "first");
    if (first > from) fmt::print(stderr, "{} lines were left out, the run went on without this reader\n", first - from);
    for (const boost::json::value& outcome : outcomes) {
      if (text_of(outcome.as_object(), "verdict") == "removed") ++removed_;
      print_outcome(outcome.as_object());
    }
    print_progress(view);
    return first + outcomes.size();
  }

  void print_progress(const object& view) {
    if (!has_progress_) return;
    fmt::print(stderr, "\r\033[K{} looked at, {} of them to remove", number_of(view, "looked_at"), removed_);
    std::fflush(stderr);
  }

  void end_progress() const {
    if (has_progress_) fmt::print(stderr, "\r\033[K");
  }

  void print_summary(const object& view) const {
    if (options_.form == OutputForm::json) {
      object summary = view;
      summary.erase("outcomes");
      return print_json(summary);
    }
    if (options_.is_quiet) return;
    const std::uint64_t bytes = number_of(view, "bytes");
    fmt::print("\n{} blobs and {} manifests {}, {} ({} bytes)\n", number_of(view, "blobs"),
               number_of(view, "manifests"), options_.is_dry_run ? "eligible for deletion" : "deleted", human(bytes),
               bytes);
    if (!options_.is_dry_run) {
      const auto freed = view.at("freed_bytes").to_number<std::int64_t>();
      fmt::print("the file system has {} {} free than before\n", human(static_cast<std::uint64_t>(std::abs(freed))),
                 freed < 0 ? "less" : "more");
    }
    if (const std::uint64_t emptied = number_of(view, "emptied"); emptied > 0) {
      fmt::print("{} deleted manifests left the trash\n", emptied);
    }
    if (const std::uint64_t resting = number_of(view, "trash_manifests"); resting > 0 && !options_.is_dry_run) {
      fmt::print(
          "{} deleted manifests rest in the trash with {} of blobs, the first until {}; --empty-trash removes them\n",
          resting, human(number_of(view, "trash_bytes")), text_of(view, "trash_until"));
    }
    if (number_of(view, "waiting") > 0) {
      fmt::print("{} more are kept for a while, since clients were told of them (gc.promise): {} of blobs\n",
                 number_of(view, "waiting"), human(number_of(view, "waiting_bytes")));
    }
  }

 private:
  const GarbageCollectOptions& options_;
  const bool has_progress_;
  std::size_t removed_ = 0;
};

}  // namespace

int run_garbage_collect(const GarbageCollectOptions& options) {
  try {
    AdminClient client({.config_file = options.config_file, .form = options.form});
    object order{{"dry_run", options.is_dry_run}, {"delete_untagged", options.deletes_untagged}};
    if (options.empties_trash) order["empty_trash"] = true;
    const object begun = client.ask("POST", "/garbage-collections", order);
    Printer printer(options);
    std::uint64_t from = 0;
    const object view = watch_run(client, fmt::format("/garbage-collections/{}", number_of(begun, "run")),
                                  [&](const object& each) { return from = printer.print_news(each, from); });
    printer.end_progress();
    const std::string failure = text_of(view, "failure");
    if (failure != "-") {
      fmt::print(stderr, "failed to garbage collect: {}\n", failure);
      return 1;
    }
    if (view.at("paused").as_bool()) {
      fmt::print(
          stderr,
          "failed to garbage collect: it is not known which promises to clients have ended (the clock was set, or a "
          "promise could not be written): nothing is removed for the time of gc.promise\n");
      return 1;
    }
    printer.print_summary(view);
    if (const std::uint64_t failed = number_of(view, "failed_removals"); failed > 0) {
      fmt::print(stderr, "failed to garbage collect: {} files could not be removed; the log says why\n", failed);
      return 1;
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "failed to garbage collect: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
