// berth import and export: a volume of CNCF Distribution is taken over, and handed back.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"
#include "apps/berth/progress.h"
#include "base/failure.h"
#include "server/environment.h"
#include "server/survey.h"

namespace berth {
namespace {

using boost::json::object;

void print_problem(const object& problem) {
  const std::string item = text_of(problem, "item");
  fmt::print("{}: {}{}: {}\n", text_of(problem, "kind"), text_of(problem, "repository"), item == "-" ? "" : " " + item,
             text_of(problem, "what"));
}

/// Those after number `from`, printed; the number of the last.
std::uint64_t print_problems(AdminClient& client, std::uint64_t from) {
  for (;;) {
    const object view = client.ask("GET", fmt::format("/adoption?from={}", from));
    const auto& problems = view.at("problems").as_array();
    if (problems.empty()) return from;
    for (const boost::json::value& problem : problems) {
      print_problem(problem.as_object());
      from = number_of(problem.as_object(), "number");
    }
  }
}

void print_summary(const object& view) {
  const bool is_adoption = text_of(view, "kind") == "adoption";
  if (view.at("complete").as_bool()) {
    fmt::print(
        "{}: {} repositories, {} tags, {} manifests, {} layer links, {} blobs that nothing uses, {} unfinished "
        "uploads dropped\n",
        is_adoption ? "adopted" : "compared with the links; new on record", number_of(view, "repositories"),
        number_of(view, "tags"), number_of(view, "manifests"), number_of(view, "layers"),
        number_of(view, "unlinked_blobs"), number_of(view, "dropped_uploads"));
    if (const std::uint64_t removed = number_of(view, "removed"); removed > 0) {
      fmt::print("{} tags, manifests and links were gone from the volume\n", removed);
    }
  } else {
    fmt::print("{} of {} repositories are read{}\n", number_of(view, "done"), number_of(view, "total"),
               view.at("running").as_bool() ? "" : "; nobody is reading on: berth serve, or berth import CONFIG");
  }
  if (const std::string held = text_of(view, "removal_held_because"); held != "-") fmt::print("{}\n", held);
}

int show_status(AdminClient& client, OutputForm form) {
  const object view = client.ask("GET", "/adoption");
  if (form == OutputForm::json) {
    print_json(view);
  } else {
    print_summary(view);
    print_problems(client, 0);
  }
  return view.at("complete").as_bool() ? 0 : 2;
}

int adopt(AdminClient& client, OutputForm form) {
  client.ask("POST", "/adoption/run");
  Progress progress(form == OutputForm::people);
  object view;
  constexpr std::chrono::milliseconds kPause{100};
  for (;;) {
    view = client.ask("GET", "/adoption?from=9000000000000000000");
    if (view.at("complete").as_bool()) break;
    if (!view.at("running").as_bool()) {
      throw Failure(FailureKind::internal, "the adoption ended early: " + text_of(view, "failure"));
    }
    const std::uint64_t total = number_of(view, "total");
    progress.show(number_of(view, "done"), total, fmt::format("{} of {} repositories", number_of(view, "done"), total));
    std::this_thread::sleep_for(kPause);
  }
  progress.clear();
  if (form == OutputForm::json) {
    print_json(view);
  } else {
    print_summary(view);
    print_problems(client, 0);
  }
  return 0;
}

int survey(const ImportOptions& options) {
  const LoadedConfig loaded =
      load_config({.file = options.config_file ? options.config_file : configuration_path_from_environment(),
                   .environment = registry_environment()});
  if (!loaded.errors.empty()) throw Failure(FailureKind::internal, loaded.errors.front());
  Progress progress(options.form == OutputForm::people);
  const auto on_problem = [&](const AdoptionProblem& problem) {
    progress.clear();
    const object json{{"kind", name_of(problem.kind)},
                      {"repository", problem.repository},
                      {"item", problem.item},
                      {"what", problem.what}};
    if (options.form == OutputForm::json) return print_json(json);
    print_problem(json);
  };
  const auto on_progress = [&](std::uint64_t done, std::uint64_t total) {
    progress.show(done, total, fmt::format("{} of {} repositories", done, total));
  };
  const SurveyReport report = survey_volume(
      loaded.config, {.is_verifying = options.is_verifying, .on_problem = on_problem, .on_progress = on_progress});
  progress.clear();
  const AdoptionCounts& counts = report.counts;
  if (options.form == OutputForm::json) {
    print_json(object{{"repositories", counts.repositories},
                      {"tags", counts.tags},
                      {"manifests", counts.manifests},
                      {"layers", counts.layers},
                      {"blobs", report.blobs},
                      {"bytes", report.bytes},
                      {"unfinished_uploads", counts.uploads},
                      {"problems", report.problems},
                      {"problems_holding", report.holding}});
    return report.holding > 0 ? 1 : 0;
  }
  fmt::print("{} repositories, {} tags, {} manifests, {} layer links; {} blobs, {} ({} bytes); {} unfinished uploads\n",
             counts.repositories, counts.tags, counts.manifests, counts.layers, report.blobs, human(report.bytes),
             report.bytes, counts.uploads);
  if (report.holding > 0) {
    fmt::print("{} of them cannot be read: after adoption nothing is removed until berth import --accept-losses\n",
               report.holding);
  } else {
    fmt::print("all of it can be read\n");
  }
  fmt::print("nothing was changed\n");
  return report.holding > 0 ? 1 : 0;
}

}  // namespace

int run_import(const ImportOptions& options) {
  try {
    if (options.is_dry_run) return survey(options);
    if (options.is_adopting_again) {
      const LoadedConfig loaded =
          load_config({.file = options.config_file ? options.config_file : configuration_path_from_environment(),
                       .environment = registry_environment()});
      if (!loaded.errors.empty()) throw Failure(FailureKind::internal, loaded.errors.front());
      begin_adoption_again(loaded.config);
    }
    AdminClient client({.config_file = options.config_file, .form = options.form});
    if (options.accepts_losses) {
      const object settled = client.ask("POST", "/adoption/accept-losses");
      if (options.form == OutputForm::json) {
        print_json(settled);
      } else {
        fmt::print("{} problems are settled: what nothing uses is removed again\n", number_of(settled, "settled"));
      }
      return 0;
    }
    if (options.is_status) return show_status(client, options.form);
    return adopt(client, options.form);
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

int run_export(const ExportOptions& options) {
  try {
    AdminClient client({.config_file = options.config_file, .form = options.form});
    const object begun = client.ask("POST", "/exports", {{"compare", options.is_verifying}});
    Progress progress(options.form == OutputForm::people);
    const object view = watch_run(client, fmt::format("/exports/{}", number_of(begun, "run")), [&](const object& each) {
      const auto& differences = each.at("differences").as_array();
      if (options.is_verifying && options.form == OutputForm::people) {
        for (const boost::json::value& what : differences) {
          progress.clear();
          fmt::print("differs: {}\n", std::string(what.as_string()));
        }
      }
      progress.show(0, 0, fmt::format("{} repositories", number_of(each, "repositories")));
      return number_of(each, "first") + differences.size();
    });
    progress.clear();
    if (const std::string failure = text_of(view, "failure"); failure != "-") {
      fmt::print(stderr, "berth: the export ended early: {}\n", failure);
      return 1;
    }
    const std::uint64_t written = number_of(view, "written");
    const std::uint64_t removed = number_of(view, "removed");
    if (options.form == OutputForm::json) {
      print_json(view);
    } else if (options.is_verifying) {
      fmt::print("{} repositories, {} links compared: {}\n", number_of(view, "repositories"), number_of(view, "links"),
                 written + removed == 0 ? "the tree is what the metadata says"
                                        : fmt::format("{} are missing or other, {} are too many", written, removed));
    } else {
      fmt::print("{} repositories, {} links: {} written, {} removed; registry:2 and registry:3 can serve the volume\n",
                 number_of(view, "repositories"), number_of(view, "links"), written, removed);
    }
    return options.is_verifying && written + removed > 0 ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
