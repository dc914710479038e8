// The program's commands, one source each. Each returns the exit code and writes for people: findings to standard
// error, what was asked for to standard output.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace berth {

/// Who is asked: `berth`, or Distribution's `registry`, whose messages scripts know.
enum class Manner { berth, registry };

enum class Strictness { lenient, strict };

/// Serves until a signal. Without a file the built-in defaults hold (Manner::berth only).
int run_serve(const std::optional<std::string>& file, Manner manner, std::string_view usage);

/// Says everything there is to say about the file without serving. 0 if it can be used; Strictness::strict fails on
/// warnings and on what is not built, too.
int run_config_check(const std::string& file, Strictness strictness);

/// Prints the reference page of the configuration.
int run_config_doc();

enum class OutputForm { people, json };

/// What the Berth that serves the configured root says of itself. 1 if there is none.
int run_status(const std::optional<std::string>& file, OutputForm form);

struct GarbageCollectOptions {
  std::optional<std::string> config_file;
  bool is_dry_run = false;
  bool deletes_untagged = false;
  bool empties_trash = false;  ///< false: as the configuration says
  bool is_quiet = false;       ///< nothing but failures
  bool is_verbose = false;     ///< why each goes, and what waits
  OutputForm form = OutputForm::people;
};

/// Collects what nothing uses until there is nothing more to collect, in the serving process or, with nobody there, in
/// this one; Distribution's lines. 1 if anything that should have gone did not.
int run_garbage_collect(const GarbageCollectOptions& options);

struct CheckOptions {
  std::optional<std::string> config_file;
  bool is_repair = false;
  bool is_fast = false;                  ///< sizes and presence only
  bool is_rebuild = false;               ///< makes lost metadata anew instead
  bool is_quiet = false;                 ///< nothing but failures
  std::optional<std::string> rate = {};  ///< bytes a second at most, "50MiB"
  OutputForm form = OutputForm::people;
};

/// Reads the stored bytes again and compares files and records, in the serving process or, with nobody there, in this
/// one. 1 if something was found that stands, or it could not be done.
int run_check(const CheckOptions& options);

struct ImportOptions {
  std::optional<std::string> config_file;
  bool is_dry_run = false;    ///< only says what there is
  bool is_verifying = false;  ///< and reads every byte
  bool is_status = false;
  bool accepts_losses = false;
  bool is_adopting_again = false;  ///< into empty metadata of a root that was Berth's
  // Images from elsewhere instead: one of these.
  std::string from_layout = {};    ///< a directory
  std::string from_archive = {};   ///< a file of docker save
  std::string from_registry = {};  ///< https://registry.example
  std::string name = {};           ///< NAME or NAME:TAG, what the image is called here
  std::string user = {};
  std::optional<std::string> password_file = {};
  std::string ca_file = {};
  bool is_insecure = false;
  std::string repositories = {};  ///< a pattern
  std::string prefix = {};
  std::vector<std::string> tags = {};
  bool without_referrers = false;
  bool keeps_tags = false;
  std::uint64_t parallel = 4;
  OutputForm form = OutputForm::people;
};

/// Takes the volume of a registry of Distribution over without serving it. 2 with is_status while it goes on.
int run_import(const ImportOptions& options);

struct ExportOptions {
  std::optional<std::string> config_file;
  bool is_verifying = false;  ///< only compares
  // Images out of the registry instead: one of these.
  std::string to_layout = {};
  std::string to_archive = {};
  std::vector<std::string> images = {};  ///< NAME:TAG or NAME@DIGEST
  OutputForm form = OutputForm::people;
};

/// Hands the volume back. 1 if is_verifying finds a difference.
int run_export(const ExportOptions& options);

struct BackupOptions {
  std::optional<std::string> config_file;
  std::string directory;
  std::uint64_t keep = 0;                    ///< backups; 0: all
  std::optional<std::string> keep_for = {};  ///< "720h"
  bool is_fast = false;                      ///< does not read what is linked
  OutputForm form = OutputForm::people;
};

/// 1 also if the registry itself has lost something that is not in the backup then.
int run_backup(const BackupOptions& options);

struct RestoreCommandOptions {
  std::optional<std::string> config_file;
  std::string directory;
  std::optional<std::string> name = {};  ///< which backup; unset: the newest
  bool is_list = false;
  std::string repository = {};  ///< only this one, also beside a serving Berth
  std::string as = {};          ///< under another name
  OutputForm form = OutputForm::people;
};

/// The whole root, with nobody serving it.
int run_restore(const RestoreCommandOptions& options);

/// What keeps some content, or when and why it went.
int run_explain(const std::optional<std::string>& file, const std::string& digest, OutputForm form);

/// The two command lines.
int run_berth(int argc, char** argv);
int run_registry(int argc, char** argv);

}  // namespace berth
