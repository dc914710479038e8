// berth's own command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "apps/berth/account_commands.h"
#include "apps/berth/commands.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
Examples:
  berth serve                            serve on 127.0.0.1:5000 with content under ./data
  berth serve /etc/distribution/config.yml
  REGISTRY_HTTP_ADDR=:5001 berth serve   any key of the file can be set by a variable
  berth status                           what the running Berth says of itself
  berth garbage-collect --dry-run        what nothing uses any more
  berth check                            read the stored bytes again: what has a disk damaged?
  berth explain sha256:...               what keeps it, or when and why it went
  berth import --dry-run config.yml      what a volume of registry:2 holds; then `serve` adopts it
  berth export --layout distribution     hands it back
  berth retention plan                   what the retention rules would delete; also apply
  berth job list                         what runs in the background
  berth undo team/app:v1                 takes back the last change of a tag; also trash, tag history
  berth user add alice                   a user; also group, robot, token, access: who may do what
  berth config check --strict config.yml
  berth config doc | less                every key, its default and what it does

Then:
  skopeo copy --dest-tls-verify=false docker://docker.io/library/busybox docker://127.0.0.1:5000/busybox
  curl http://127.0.0.1:5000/v2/_catalog

Called by the name `registry` it takes the command line of CNCF Distribution.
)";

constexpr const char* kServeFooter = R"(
Without CONFIG: 127.0.0.1:5000, content under ./data, deletes disabled. CONFIG is a config.yml of Distribution (registry:2
and registry:3); see `berth config doc`. SIGHUP reads certificates and the log level again; SIGTERM and SIGINT end the
server after requests under way (http.draintimeout, 10s).
)";

constexpr const char* kCollectFooter = R"(
A Berth that serves collects by itself, all the time (the section gc of the configuration); this is for those who will
not wait. It may run beside a serving Berth, which carries it out, and beside pushes, which lose nothing. gc.grace is not
waited for; what a client was told exists for its push (gc.promise) is kept.

  berth garbage-collect --dry-run config.yml | grep "blob eligible for deletion" | awk '{sum+=$7} END {print sum}'
)";

constexpr const char* kCheckFooter = R"(
Compares the stored files with the records, both ways, and reads each byte again. It may run beside a serving Berth, which
carries it out, and beside pushes and pulls. What is damaged is moved to berth/quarantine under the root and answers 404, so
that the next push of it heals; a blob without a file answers 404, too. Nothing is deleted, unless --repair is given: it removes
files that are on no record since gc.grace, writes damaged copies of manifests anew, and serves again what was found missing
and lies there whole. Exit code 0: there is nothing to find; 1: something that was found stands.
)";

constexpr const char* kImportFooter = R"(
`berth serve` adopts the volume of registry:2 or registry:3 by itself; this does it without serving. Stop the old registry
first. Blobs stay where they are, nothing is copied, and nothing is removed before the last repository was read.

  berth import --dry-run config.yml            what is there, what is broken; changes nothing
  berth import config.yml                      adopts it; cut off, the next run goes on
  berth import --status config.yml             how far it is; what could not be read
  berth import --accept-losses config.yml      what could not be read no longer holds back garbage collection

Or it brings images in, beside a serving Berth:

  berth import oci:DIR team/app:v1 -c config.yml              an OCI layout
  berth import oci:/var/lib/zot -c config.yml                 a tree of them, as zot keeps its repositories
  berth import docker-archive:image.tar team/app:v1 -c config.yml
  berth import --from-registry https://harbor.example --user robot --repositories "team/*" -c config.yml
)";

constexpr const char* kExportFooter = R"(
Makes the link files of CNCF Distribution what Berth's metadata says, so that registry:2 and registry:3 serve the volume. It
may run beside a serving Berth, which carries it out and keeps the links current until it ends. When Berth comes back later,
it takes over what the other registry pushed, moved and deleted.

  berth export --layout distribution config.yml
  berth export --layout distribution --verify config.yml     only compares; exit code 1 if something differs
  berth export oci:DIR team/app:v1 team/app:v2 -c config.yml images into an OCI layout
  berth export docker-archive:image.tar team/app:v1 -c config.yml
)";

constexpr const char* kBackupFooter = R"(
A backup is the metadata as of one moment and the blobs that it names, consistent beside pushes and collection. Each blob is kept
once, whatever backups name it: the next backup costs what is new. On the file system of the registry blobs are linked, not
copied: keep backups on another disk.

  berth backup config.yml --to /backup/registry --keep 14
  berth restore --from /backup/registry --list
  berth restore config.yml --from /backup/registry --at 20260301T020000Z     nobody may serve the root meanwhile
  berth restore config.yml --from /backup/registry --repository team/app     beside a serving Berth; also --as NAME
)";

constexpr std::string_view kLayout = "oci:";
constexpr std::string_view kArchive = "docker-archive:";

int fail(const std::string& why) {
  fmt::print(stderr, "berth: {}\n", why);
  return 1;
}

/// What is wrong with them; nothing: they are taken.
std::optional<std::string> read_import_words(const std::vector<std::string>& words, ImportOptions& options) {
  if (words.empty()) return std::nullopt;
  const std::string& first = words.front();
  const bool is_layout = first.starts_with(kLayout);
  const bool is_archive = first.starts_with(kArchive);
  if (!is_layout && !is_archive) {
    if (words.size() > 1 || !options.from_registry.empty()) {
      // berth import --from-registry URL CONFIG
      if (words.size() > 1) return "one configuration file, or oci:DIR or docker-archive:FILE with a NAME:TAG";
    }
    options.config_file = first;
    return std::nullopt;
  }
  if (!options.from_registry.empty()) return "either --from-registry or " + first;
  if (is_layout) options.from_layout = first.substr(kLayout.size());
  if (is_archive) options.from_archive = first.substr(kArchive.size());
  if (words.size() > 2) return "one NAME:TAG";
  if (words.size() == 2) options.name = words[1];
  return std::nullopt;
}

std::optional<std::string> read_export_words(const std::vector<std::string>& words, bool has_layout,
                                             ExportOptions& options) {
  if (has_layout) {
    if (words.size() > 1) return "one configuration file";
    if (!words.empty()) options.config_file = words.front();
    return std::nullopt;
  }
  if (words.empty()) return "what is to be exported? --layout distribution, oci:DIR or docker-archive:FILE";
  const std::string& first = words.front();
  if (first.starts_with(kLayout)) {
    options.to_layout = first.substr(kLayout.size());
  } else if (first.starts_with(kArchive)) {
    options.to_archive = first.substr(kArchive.size());
  } else {
    return "\"" + first +
           "\" is neither oci:DIR nor docker-archive:FILE; the volume is handed back with --layout distribution";
  }
  options.images.assign(words.begin() + 1, words.end());
  if (options.images.empty()) return "which images? NAME:TAG or NAME@DIGEST";
  return std::nullopt;
}

}  // namespace

int run_berth(int argc, char** argv) {
  CLI::App app("Berth, a container and OCI-artifact registry in one program", "berth");
  app.set_version_flag("--version", "berth " BERTH_VERSION);
  app.require_subcommand(1);
  app.footer(kExamples);

  std::optional<std::string> serve_file;
  CLI::App* const serve = app.add_subcommand("serve", "serve the registry until it is told to stop");
  serve->add_option("CONFIG", serve_file, "the configuration file");
  serve->footer(kServeFooter);

  std::optional<std::string> status_file;
  bool is_json = false;
  CLI::App* const status = app.add_subcommand("status", "ask the Berth that serves a root how it is");
  status->add_option("CONFIG", status_file, "the configuration file it was started with");
  status->add_flag("--json", is_json, "print JSON");

  CLI::App* const config = app.add_subcommand("config", "look at configurations");
  config->require_subcommand(1);
  std::string check_file;
  bool is_strict = false;
  CLI::App* const check = config->add_subcommand("check", "say everything that is wrong with a file, without serving");
  check->add_option("FILE", check_file, "the configuration file")->required();
  check->add_flag("--strict", is_strict, "fail on warnings and on what is not built yet, too");
  CLI::App* const doc = config->add_subcommand("doc", "print the reference of all keys");

  GarbageCollectOptions collection;
  bool is_collection_json = false;
  CLI::App* const collect = app.add_subcommand("garbage-collect", "remove what nothing uses any more, now");
  collect->add_option("CONFIG", collection.config_file, "the configuration file");
  collect->add_flag("-d,--dry-run", collection.is_dry_run, "remove nothing, only say what would go");
  collect->add_flag("-m,--delete-untagged", collection.deletes_untagged,
                    "remove manifests, too, that no tag and no index names and that refer to no subject");
  collect->add_flag("--empty-trash", collection.empties_trash,
                    "remove what only deleted manifests keep, too; without a trash section that is so anyway");
  collect->add_flag("-q,--quiet", collection.is_quiet, "print nothing but failures");
  collect->add_flag("-v,--verbose", collection.is_verbose, "say why each goes, and what waits");
  collect->add_flag("--json", is_collection_json, "print JSON: a line for each, then the summary");
  collect->footer(kCollectFooter);

  CheckOptions scrub;
  bool is_scrub_json = false;
  CLI::App* const scrubbing =
      app.add_subcommand("check", "read the stored bytes again and compare them with the records");
  scrubbing->add_option("CONFIG", scrub.config_file, "the configuration file");
  scrubbing->add_flag("--repair", scrub.is_repair, "mend what can be mended, remove files that are on no record");
  scrubbing->add_flag("--fast", scrub.is_fast, "look at sizes and presence only");
  scrubbing->add_flag("--rebuild", scrub.is_rebuild,
                      "make lost metadata anew: from its newest copy, the link tree and the manifests among the blobs");
  scrubbing->add_option("--rate", scrub.rate, "bytes a second at most, like 50MiB");
  scrubbing->add_flag("-q,--quiet", scrub.is_quiet, "print nothing but failures");
  scrubbing->add_flag("--json", is_scrub_json, "print JSON: a line for each finding, then the summary");
  scrubbing->footer(kCheckFooter);

  ImportOptions import;
  bool is_import_json = false;
  CLI::App* const importing = app.add_subcommand("import", "take over the volume of a registry of CNCF Distribution");
  std::vector<std::string> import_words;
  importing->add_option(
      "WHAT", import_words,
      "the configuration file, Distribution's as it is; or oci:DIR or docker-archive:FILE, and the image's"
      " NAME:TAG");
  importing->add_option("--from-registry", import.from_registry, "copy from a registry: https://registry.example");
  importing->add_option("-c,--config", import.config_file, "the configuration file, with WHAT or --from-registry");
  importing->add_option("--repositories", import.repositories, "which repositories there, like \"team/*\"; all");
  importing->add_option("--prefix", import.prefix, "what stands before their names here, like mirror/");
  importing->add_option("--tag", import.tags, "only these tags; may be given several times");
  importing->add_option("--user", import.user, "who logs in there; the password is in $BERTH_IMPORT_PASSWORD, or");
  importing->add_option("--password-file", import.password_file, "a file with it");
  importing->add_option("--ca", import.ca_file, "certificates to trust there, in addition to the system's");
  importing->add_flag("--insecure", import.is_insecure, "the server there need not prove its name");
  importing->add_flag("--without-referrers", import.without_referrers, "leave signatures and other referrers there");
  importing->add_flag("--keep-tags", import.keeps_tags, "a tag that is here already stays what it is");
  importing->add_option("--parallel", import.parallel, "images at once; 4");
  importing->add_flag("--dry-run", import.is_dry_run, "change nothing, only say what there is and what is broken");
  importing->add_flag("--verify", import.is_verifying, "with --dry-run: read every byte, too");
  importing->add_flag("--status", import.is_status, "how far the adoption is, and what could not be read");
  importing->add_flag("--accept-losses", import.accepts_losses, "let removal go on in spite of what could not be read");
  importing->add_flag("--adopt-again", import.is_adopting_again, "read the link tree into metadata that is empty");
  importing->add_flag("--json", is_import_json, "print JSON");
  importing->footer(kImportFooter);

  ExportOptions exporting;
  bool is_export_json = false;
  std::string layout;
  CLI::App* const export_command = app.add_subcommand("export", "hand the volume back to a registry of Distribution");
  std::vector<std::string> export_words;
  export_command->add_option("WHAT", export_words,
                             "the configuration file; or oci:DIR or docker-archive:FILE, and images: NAME:TAG ...");
  export_command->add_option("-c,--config", exporting.config_file, "the configuration file, with images");
  export_command->add_option("--layout", layout, "distribution")->check(CLI::IsMember({"distribution"}));
  export_command->add_flag("--verify", exporting.is_verifying, "only compare the link tree with the metadata");
  export_command->add_flag("--json", is_export_json, "print JSON");
  export_command->footer(kExportFooter);

  BackupOptions backup;
  bool is_backup_json = false;
  CLI::App* const backing_up = app.add_subcommand("backup", "copy the registry while it is served");
  backing_up->add_option("CONFIG", backup.config_file, "the configuration file");
  backing_up->add_option("--to", backup.directory, "the directory of backups; made if it is missing")->required();
  backing_up->add_option("--keep", backup.keep, "how many of the newest backups stay; all, if it is not given");
  backing_up->add_option("--keep-for", backup.keep_for, "remove backups that are older, like 720h");
  backing_up->add_flag("--fast", backup.is_fast, "do not read files that are linked instead of copied");
  backing_up->add_flag("--json", is_backup_json, "print JSON");
  backing_up->footer(kBackupFooter);

  RestoreCommandOptions restore;
  bool is_restore_json = false;
  CLI::App* const restoring = app.add_subcommand("restore", "bring a registry back from a backup");
  restoring->add_option("CONFIG", restore.config_file, "the configuration file");
  restoring->add_option("--from", restore.directory, "the directory of backups")->required();
  restoring->add_option("--at", restore.name, "which of them; the newest, if it is not given");
  restoring->add_option("--repository", restore.repository, "only this one, also beside a serving Berth");
  restoring->add_option("--as", restore.as, "under another name, with --repository");
  restoring->add_flag("--list", restore.is_list, "only list the backups");
  restoring->add_flag("--json", is_restore_json, "print JSON");
  restoring->footer(kBackupFooter);

  std::optional<std::string> explain_file;
  std::string explain_digest;
  bool is_explain_json = false;
  CLI::App* const explain = app.add_subcommand("explain", "say what keeps some content, or when and why it went");
  explain->add_option("DIGEST", explain_digest, "sha256:...")->required();
  explain->add_option("-c,--config", explain_file, "the configuration file");
  explain->add_flag("--json", is_explain_json, "print JSON");

  ChosenCommand account_command;
  add_user_commands(app, account_command);
  add_group_commands(app, account_command);
  add_robot_commands(app, account_command);
  add_token_commands(app, account_command);
  add_access_commands(app, account_command);
  add_trash_commands(app, account_command);
  add_repository_commands(app, account_command);
  add_pin_commands(app, account_command);
  add_retention_commands(app, account_command);
  add_job_commands(app, account_command);
  add_usage_command(app, account_command);

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has an exit code for each kind of mistake; scripts know 0 and 1.
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (account_command) return account_command();
  if (serve->parsed()) return run_serve(serve_file, Manner::berth, "");
  if (collect->parsed()) {
    collection.form = is_collection_json ? OutputForm::json : OutputForm::people;
    return run_garbage_collect(collection);
  }
  if (scrubbing->parsed()) {
    scrub.form = is_scrub_json ? OutputForm::json : OutputForm::people;
    return run_check(scrub);
  }
  if (importing->parsed()) {
    if (const auto wrong = read_import_words(import_words, import)) return fail(*wrong);
    import.form = is_import_json ? OutputForm::json : OutputForm::people;
    return run_import(import);
  }
  if (export_command->parsed()) {
    if (const auto wrong = read_export_words(export_words, !layout.empty(), exporting)) return fail(*wrong);
    exporting.form = is_export_json ? OutputForm::json : OutputForm::people;
    return run_export(exporting);
  }
  if (backing_up->parsed()) {
    backup.form = is_backup_json ? OutputForm::json : OutputForm::people;
    return run_backup(backup);
  }
  if (restoring->parsed()) {
    restore.form = is_restore_json ? OutputForm::json : OutputForm::people;
    return run_restore(restore);
  }
  if (explain->parsed()) {
    return run_explain(explain_file, explain_digest, is_explain_json ? OutputForm::json : OutputForm::people);
  }
  if (status->parsed()) return run_status(status_file, is_json ? OutputForm::json : OutputForm::people);
  if (check->parsed()) return run_config_check(check_file, is_strict ? Strictness::strict : Strictness::lenient);
  if (doc->parsed()) return run_config_doc();
  return 1;
}

}  // namespace berth
