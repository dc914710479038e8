// berth import and export: a volume of CNCF Distribution is taken over, and handed back.
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"
#include "apps/berth/docker_archive.h"
#include "apps/berth/progress.h"
#include "apps/berth/transfer_view.h"
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
  if (text_of(view, "kind") == "none") {
    fmt::print("nothing to adopt: the volume was Berth's from the beginning, or is empty\n");
    return;
  }
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
    if (!view.at("pending").as_bool()) break;
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

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

/// "app:v1" is "app" and "v1"; "host:5000/app" has no tag.
std::pair<std::string, std::string> split_name(const std::string& name) {
  const std::size_t colon = name.rfind(':');
  if (colon == std::string::npos || name.find('/', colon) != std::string::npos) return {name, ""};
  return {name.substr(0, colon), name.substr(colon + 1)};
}

/// Without the registry that docker puts before names of others than its own.
std::string without_host(const std::string& name) {
  const std::size_t slash = name.find('/');
  if (slash == std::string::npos) return name;
  const std::string first = name.substr(0, slash);
  const bool is_host =
      first.find('.') != std::string::npos || first.find(':') != std::string::npos || first == "localhost";
  return is_host ? name.substr(slash + 1) : name;
}

std::string read_password(const ImportOptions& options) {
  if (options.user.empty()) return {};
  if (options.password_file) {
    std::ifstream file(*options.password_file);
    std::string password;
    if (!std::getline(file, password)) {
      throw Failure(FailureKind::internal, fmt::format("{} cannot be read", *options.password_file));
    }
    return password;
  }
  const char* password = std::getenv("BERTH_IMPORT_PASSWORD");  // NOLINT(concurrency-mt-unsafe): one thread
  if (password == nullptr) {
    throw Failure(FailureKind::internal, "--user needs a password: --password-file FILE, or $BERTH_IMPORT_PASSWORD");
  }
  return password;
}

object order_of(const ImportOptions& options) {
  boost::json::array tags;
  for (const std::string& tag : options.tags) tags.emplace_back(tag);
  object order{
      {"referrers", !options.without_referrers}, {"keep_tags", options.keeps_tags}, {"parallel", options.parallel}};
  if (!tags.empty()) order["tags"] = std::move(tags);
  if (!options.repositories.empty()) order["repositories"] = options.repositories;
  if (!options.prefix.empty()) order["prefix"] = options.prefix;
  const auto [name, tag] = split_name(options.name);
  if (!name.empty()) order["to"] = name;
  if (!tag.empty()) order["as_tag"] = tag;
  return order;
}

int import_archive(AdminClient& client, const ImportOptions& options) {
  const ScratchDirectory scratch;
  const std::vector<ArchivedImage> images = unpack_docker_archive(options.from_archive, scratch.path());
  int worst = 0;
  for (const ArchivedImage& image : images) {
    std::vector<std::string> names = image.names;
    if (!options.name.empty()) {
      if (images.size() != 1) {
        throw Failure(FailureKind::internal, fmt::format("{} holds {} images, and one name for them: leave it out",
                                                         options.from_archive, images.size()));
      }
      names = {options.name};
    }
    if (names.empty()) throw Failure(FailureKind::internal, "the image of the archive has no name: give one, NAME:TAG");
    for (const std::string& each : names) {
      const auto [name, tag] = split_name(without_host(each));
      object order = order_of(options);
      order["layout"] = scratch.path().string();
      order["tags"] = boost::json::array{boost::json::string(image.layout_name)};
      order["to"] = name;
      order["as_tag"] = tag.empty() ? "latest" : tag;
      worst =
          std::max(worst, watch_transfer(client, client.ask("POST", "/imports", order), options.form, "brought in"));
    }
  }
  return worst;
}

int import_images(const ImportOptions& options) {
  AdminClient client({.config_file = options.config_file, .form = options.form});
  if (!options.from_archive.empty()) return import_archive(client, options);
  object order = order_of(options);
  if (!options.from_layout.empty()) {
    order["layout"] = absolute(options.from_layout);
    const bool is_one = std::filesystem::exists(std::filesystem::path(options.from_layout) / "index.json");
    if (is_one && options.name.empty()) {
      throw Failure(FailureKind::internal,
                    "an OCI layout does not say what its repository is called: give NAME or NAME:TAG");
    }
  } else {
    order["registry"] = options.from_registry;
    if (!options.user.empty()) {
      order["user"] = options.user;
      order["password"] = read_password(options);
    }
    if (!options.ca_file.empty()) order["ca_file"] = absolute(options.ca_file);
    order["insecure"] = options.is_insecure;
  }
  return watch_transfer(client, client.ask("POST", "/imports", order), options.form, "brought in");
}

int export_images(AdminClient& client, const ExportOptions& options) {
  boost::json::array images;
  for (const std::string& image : options.images) images.emplace_back(image);
  std::optional<ScratchDirectory> scratch;
  if (!options.to_archive.empty()) scratch.emplace();
  const std::string directory = scratch ? scratch->path().string() : absolute(options.to_layout);
  const object begun = client.ask("POST", "/layouts", {{"directory", directory}, {"images", std::move(images)}});
  const int result = watch_transfer(client, begun, options.form, "took out");
  if (result == 0 && scratch) pack_docker_archive(scratch->path(), options.to_archive);
  return result;
}

}  // namespace

int run_import(const ImportOptions& options) {
  try {
    if (!options.from_layout.empty() || !options.from_archive.empty() || !options.from_registry.empty()) {
      return import_images(options);
    }
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
    if (!options.images.empty()) return export_images(client, options);
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
