// check: begins a check of the stored bytes where the data is served, or here, and prints what it finds as it goes on.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <exception>
#include <string>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"
#include "apps/berth/progress.h"
#include "base/byte_count.h"
#include "base/failure.h"
#include "server/environment.h"
#include "server/rebuild.h"

namespace berth {
namespace {

using boost::json::object;

std::uint64_t rate_of(const CheckOptions& options) {
  if (!options.rate) return 0;
  const std::optional<std::uint64_t> rate = parse_byte_count(*options.rate);
  if (!rate)
    throw Failure(FailureKind::internal, fmt::format("--rate: \"{}\" is not a size (like 50MiB)", *options.rate));
  return *rate;
}

class Printer {
 public:
  explicit Printer(const CheckOptions& options)
      : options_(options), progress_(!options.is_quiet && options.form == OutputForm::people) {}

  void print_finding(const object& finding) {
    clear_progress();
    if (options_.form == OutputForm::json) return print_json(finding);
    if (options_.is_quiet) return;
    std::string kind = text_of(finding, "kind");
    std::ranges::replace(kind, '_', ' ');
    const std::string digest = text_of(finding, "digest");
    const std::string path = text_of(finding, "path");
    fmt::print("{}{}: {}: {}\n", finding.at("mended").as_bool() ? "mended " : "", kind, digest == "-" ? path : digest,
               text_of(finding, "what"));
    if (digest != "-") fmt::print("  file   {}\n", path);
    for (const auto& image : finding.at("images").as_array()) {
      const object& each = image.as_object();
      const std::string repository = text_of(each, "repository");
      const auto& tags = each.at("tags").as_array();
      if (tags.empty()) fmt::print("  image  {}@{}\n", repository, text_of(each, "digest"));
      for (const auto& tag : tags) fmt::print("  image  {}:{}\n", repository, std::string(tag.as_string()));
    }
    if (finding.at("more_images").as_bool()) fmt::print("  image  ... and more\n");
    std::fflush(stdout);
  }

  /// What is new in a view; the number of the next.
  std::uint64_t print_news(const object& view) {
    for (const boost::json::value& finding : view.at("findings").as_array()) {
      print_finding(finding.as_object());
      ++printed_;
    }
    if (view.at("running").as_bool()) {
      print_progress(view);
    } else if (const std::uint64_t found = number_of(view, "standing") + number_of(view, "mended"); found > printed_) {
      fmt::print(stderr, "{} more were found: the log names them\n", found - printed_);
    }
    return printed_;
  }

  /// "[#####.......]  41 %  1.3 GiB of 3.2 GiB"
  void print_progress(const object& view) {
    const std::uint64_t total = number_of(view, "bytes_total");
    const std::uint64_t done = std::min(number_of(view, "bytes"), total);
    progress_.show(done, total, fmt::format("{} of {}", human(done), human(total)));
  }

  void clear_progress() { progress_.clear(); }

  void print_summary(const object& view) const {
    if (options_.form == OutputForm::json) {
      object summary = view;
      summary.erase("findings");
      return print_json(summary);
    }
    if (options_.is_quiet) return;
    const std::uint64_t bytes = number_of(view, "bytes");
    fmt::print("{} blobs checked{}, {} ({} bytes); {} files seen\n", number_of(view, "blobs"),
               options_.is_fast ? " by their sizes" : "", human(bytes), bytes, number_of(view, "files"));
    if (const std::uint64_t skipped = number_of(view, "skipped"); skipped > 0) {
      fmt::print("{} blobs were in use all the time and were not checked\n", skipped);
    }
    const std::uint64_t standing = number_of(view, "standing");
    const std::uint64_t mended = number_of(view, "mended");
    if (standing + mended == 0) {
      fmt::print("all is well\n");
    } else {
      fmt::print("{} found, {} mended\n", standing + mended, mended);
    }
  }

 private:
  const CheckOptions& options_;
  Progress progress_;
  std::uint64_t printed_ = 0;
};

int rebuild(const CheckOptions& options) {
  const LoadedConfig loaded =
      load_config({.file = options.config_file ? options.config_file : configuration_path_from_environment(),
                   .environment = registry_environment()});
  if (!loaded.errors.empty()) throw Failure(FailureKind::internal, loaded.errors.front());
  Progress progress(!options.is_quiet && options.form == OutputForm::people);
  const RebuildReport report =
      rebuild_metadata(loaded.config, [&progress](const std::string& step) { progress.show(0, 0, step); });
  progress.clear();
  if (options.form == OutputForm::json) {
    print_json(object{{"snapshot", report.snapshot},
                      {"repositories", report.repositories},
                      {"tags_from_links", report.links.tags},
                      {"manifests_from_links", report.links.manifests},
                      {"recovered", report.recovered},
                      {"moved_to", report.moved_to}});
    return 0;
  }
  if (options.is_quiet) return 0;
  fmt::print("metadata made anew: {} repositories\n", report.repositories);
  fmt::print("  from {}\n", report.snapshot.empty() ? "no copy: there was none" : report.snapshot);
  fmt::print("  {} tags and {} manifests from the link tree\n", report.links.tags, report.links.manifests);
  fmt::print("  {} manifests that nothing names{}\n", report.recovered,
             report.recovered > 0 ? fmt::format(": {}", kRecoveredRepository) : "");
  if (!report.moved_to.empty()) fmt::print("  the damaged database: {}\n", report.moved_to);
  return 0;
}

}  // namespace

int run_check(const CheckOptions& options) {
  try {
    if (options.is_rebuild) return rebuild(options);
    AdminClient client({.config_file = options.config_file, .form = options.form});
    const object begun = client.ask(
        "POST", "/checks", {{"repair", options.is_repair}, {"fast", options.is_fast}, {"rate", rate_of(options)}});
    Printer printer(options);
    const object view = watch_run(client, fmt::format("/checks/{}", number_of(begun, "run")),
                                  [&printer](const object& each) { return printer.print_news(each); });
    printer.clear_progress();
    const std::string failure = text_of(view, "failure");
    if (failure != "-") {
      fmt::print(stderr, "berth: the check ended early: {}\n", failure);
      return 1;
    }
    printer.print_summary(view);
    return number_of(view, "standing") > 0 ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
