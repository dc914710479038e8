// berth backup and restore.
#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <string>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"
#include "apps/berth/progress.h"
#include "apps/berth/transfer_view.h"
#include "base/duration.h"
#include "base/failure.h"
#include "base/rfc3339.h"
#include "server/environment.h"
#include "server/restore.h"

namespace berth {
namespace {

using boost::json::object;

LoadedConfig load(const std::optional<std::string>& file) {
  LoadedConfig loaded =
      load_config({.file = file ? file : configuration_path_from_environment(), .environment = registry_environment()});
  if (!loaded.errors.empty()) throw Failure(FailureKind::internal, loaded.errors.front());
  return loaded;
}

std::string absolute(const std::string& path) {
  return std::filesystem::absolute(path).lexically_normal();
}

object order_of(const BackupOptions& options) {
  object order{{"directory", absolute(options.directory)}, {"verify", !options.is_fast}, {"keep", options.keep}};
  if (options.keep_for) {
    const auto age = parse_duration(*options.keep_for);
    if (!age || age->count() < 0) {
      throw Failure(FailureKind::internal,
                    fmt::format("--keep-for: \"{}\" is not a duration (like 720h)", *options.keep_for));
    }
    order["keep_seconds"] = std::chrono::duration_cast<std::chrono::seconds>(*age).count();
  }
  return order;
}

int list(const RestoreCommandOptions& options) {
  for (const BackupEntry& entry : list_backups(options.directory)) {
    if (options.form == OutputForm::json) {
      print_json(object{{"name", entry.name},
                        {"created", to_rfc3339(entry.created)},
                        {"registry_id", entry.registry_id},
                        {"blobs", entry.blobs},
                        {"bytes", entry.bytes}});
    } else {
      fmt::print("{}  {}  {} blobs, {}\n", entry.name, to_rfc3339(entry.created), entry.blobs, human(entry.bytes));
    }
  }
  return 0;
}

/// As an import: beside pushes, by the rules, and what is there already stays.
int restore_repository(const RestoreCommandOptions& options) {
  AdminClient client({.config_file = options.config_file, .form = options.form});
  object order{{"backup", absolute(options.directory)},
               {"repositories", options.repository},
               {"to", options.as.empty() ? options.repository : options.as}};
  if (options.name) order["at"] = *options.name;
  const object begun = client.ask("POST", "/imports", order);
  return watch_transfer(client, begun, options.form, "restored");
}

}  // namespace

int run_backup(const BackupOptions& options) {
  try {
    AdminClient client({.config_file = options.config_file, .form = options.form});
    const object begun = client.ask("POST", "/backups", order_of(options));
    Progress progress(options.form == OutputForm::people);
    const object view = watch_run(client, fmt::format("/backups/{}", number_of(begun, "run")), [&](const object& each) {
      const std::uint64_t blobs = number_of(each, "blobs");
      progress.show(0, 0, fmt::format("{} blobs looked at, {} new", blobs, human(number_of(each, "added_bytes"))));
      return blobs;
    });
    progress.clear();
    if (const std::string failure = text_of(view, "failure"); failure != "-") {
      fmt::print(stderr, "berth: {}\n", failure);
      return 1;
    }
    const std::uint64_t missing = number_of(view, "missing_blobs");
    if (options.form == OutputForm::json) {
      print_json(view);
      return missing > 0 ? 1 : 0;
    }
    fmt::print("backup {}: {} blobs, {}; {} of them new ({}, {} linked), metadata {}\n", text_of(view, "name"),
               number_of(view, "blobs"), human(number_of(view, "bytes")), number_of(view, "added_blobs"),
               human(number_of(view, "added_bytes")), number_of(view, "linked_blobs"),
               human(number_of(view, "metadata_bytes")));
    if (const std::uint64_t pruned = number_of(view, "pruned_backups"); pruned > 0) {
      fmt::print("{} old backups removed, {} freed\n", pruned, human(number_of(view, "pruned_bytes")));
    }
    if (missing > 0) {
      fmt::print(
          stderr,
          "berth: {} blobs are missing or damaged in the registry itself and are not in the backup: berth check\n",
          missing);
    }
    return missing > 0 ? 1 : 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

int run_restore(const RestoreCommandOptions& options) {
  try {
    if (options.is_list) return list(options);
    if (!options.repository.empty()) return restore_repository(options);
    const LoadedConfig loaded = load(options.config_file);
    Progress progress(options.form == OutputForm::people);
    const RestoreReport report =
        restore_root(loaded.config, {.directory = absolute(options.directory),
                                     .name = options.name,
                                     .on_progress = [&](std::uint64_t done, std::uint64_t total) {
                                       progress.show(done, total, fmt::format("{} of {} blobs", done, total));
                                     }});
    progress.clear();
    if (options.form == OutputForm::json) {
      boost::json::array missing;
      for (const std::string& digest : report.missing) missing.emplace_back(digest);
      print_json(object{{"name", report.backup.name},
                        {"blobs", report.blobs},
                        {"put_blobs", report.put_blobs},
                        {"put_bytes", report.put_bytes},
                        {"missing", std::move(missing)},
                        {"metadata_moved_to", report.metadata_moved_to}});
    } else {
      fmt::print("restored {} of {}: {} blobs, {} of them put back ({})\n", report.backup.name,
                 to_rfc3339(report.backup.created), report.blobs, report.put_blobs, human(report.put_bytes));
      if (!report.metadata_moved_to.empty()) fmt::print("the metadata that was there: {}\n", report.metadata_moved_to);
      fmt::print("nothing is removed until the first start has compared rows and files\n");
    }
    for (const std::string& digest : report.missing) {
      fmt::print(stderr,
                 "berth: the backup does not have {} whole: what needs it answers 404 until it is pushed again\n",
                 digest);
    }
    return report.missing.empty() ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
