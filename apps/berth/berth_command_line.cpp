// berth's own command line.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <optional>
#include <string>

#include "apps/berth/commands.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
Examples:
  berth serve                            serve on 127.0.0.1:5000 with content under ./data
  berth serve /etc/distribution/config.yml
  REGISTRY_HTTP_ADDR=:5001 berth serve   any key of the file can be set by a variable
  berth status                           what the running Berth says of itself
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

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    // CLI11 has an exit code for each kind of mistake; scripts know 0 and 1.
    return app.exit(error) == 0 ? 0 : 1;
  }
  if (serve->parsed()) return run_serve(serve_file, Manner::berth, "");
  if (status->parsed()) return run_status(status_file, is_json ? OutputForm::json : OutputForm::people);
  if (check->parsed()) return run_config_check(check_file, is_strict ? Strictness::strict : Strictness::lenient);
  if (doc->parsed()) return run_config_doc();
  return 1;
}

}  // namespace berth
