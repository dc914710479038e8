// CommandFamily: `berth user add ...`: a word with commands below it, each with the options that all of them have.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "apps/berth/account_commands.h"
#include "apps/berth/admin_client.h"

namespace berth {

/// What all of these commands have.
struct CommonOptions {
  AdminOptions admin;
  bool is_json = false;
};

/// Adds one command below `parent`. `Values` is what its options are read into: `describe(command, values)` declares
/// them, and `run(client, values)` carries the command out, or throws a Failure with one line.
template <class Values>
void add_command(CLI::App& parent, ChosenCommand& chosen, const std::string& name, const std::string& help,
                 void (*describe)(CLI::App&, Values&), void (*run)(AdminClient&, const Values&)) {
  CLI::App* const command = parent.add_subcommand(name, help);
  auto values = std::make_shared<Values>();
  auto common = std::make_shared<CommonOptions>();
  describe(*command, *values);
  command->add_option(
      "-c,--config", common->admin.config_file,
      "the configuration that says where the data is; unset: $REGISTRY_CONFIGURATION_PATH, else what `berth "
      "serve` uses without one");
  command->add_flag("--json", common->is_json, "print JSON");
  command->callback([&chosen, values, common, run] {
    chosen = [values, common, run] {
      common->admin.form = common->is_json ? OutputForm::json : OutputForm::people;
      AdminClient client(common->admin);
      run(client, *values);
      return 0;
    };
  });
}

class CommandFamily {
 public:
  CommandFamily(CLI::App& app, ChosenCommand& chosen, const std::string& name, const std::string& help,
                const std::string& examples)
      : chosen_(chosen), family_(app.add_subcommand(name, help)) {
    family_->require_subcommand(1);
    family_->footer(examples);
  }

  template <class Values>
  void add(const std::string& name, const std::string& help, void (*describe)(CLI::App&, Values&),
           void (*run)(AdminClient&, const Values&)) {
    add_command<Values>(*family_, chosen_, name, help, describe, run);
  }

  CLI::App& family() { return *family_; }

 private:
  ChosenCommand& chosen_;
  CLI::App* family_;
};

}  // namespace berth
