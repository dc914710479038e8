// berth user, group, robot, token and access: one source each. They register themselves below the program's command
// line and run when they were asked for.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace berth {

/// What was asked for, set while the command line is read; empty: none of these commands.
using ChosenCommand = std::function<int()>;

void add_user_commands(CLI::App& app, ChosenCommand& chosen);
void add_group_commands(CLI::App& app, ChosenCommand& chosen);
void add_robot_commands(CLI::App& app, ChosenCommand& chosen);
void add_token_commands(CLI::App& app, ChosenCommand& chosen);
void add_access_commands(CLI::App& app, ChosenCommand& chosen);
void add_trash_commands(CLI::App& app, ChosenCommand& chosen);
void add_pin_commands(CLI::App& app, ChosenCommand& chosen);
void add_repository_commands(CLI::App& app, ChosenCommand& chosen);
void add_retention_commands(CLI::App& app, ChosenCommand& chosen);
void add_job_commands(CLI::App& app, ChosenCommand& chosen);
void add_usage_command(CLI::App& app, ChosenCommand& chosen);

}  // namespace berth
