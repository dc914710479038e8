// berth job: what runs in the background.
#include <fmt/format.h>

#include "apps/berth/command_family.h"

namespace berth {
namespace {

constexpr const char* kExamples = R"(
Examples:
  berth job list                    which run, what came of them, when they run next
  berth job show scrub
  berth job run retention           now instead of at its time
  berth job stop scrub              ends the run under way at its next step
)";

struct NoValues {};
struct JobValues {
  std::string name;
};

void describe_nothing(CLI::App& /*command*/, NoValues& /*values*/) {}
void describe_job(CLI::App& command, JobValues& values) {
  command.add_option("JOB", values.name, "as `berth job list` shows it")->required();
}

/// "12 of 80 bytes", or what it is without a total; nothing while it does not run.
std::string progress_of(const boost::json::object& job) {
  if (text_of(job, "state") != "running") return "";
  const std::uint64_t total = number_of(job, "total");
  const std::string of_total = total == 0 ? "" : fmt::format(" of {}", total);
  return fmt::format("{}{} {}", number_of(job, "done"), of_total, text_of(job, "unit"));
}

void list_jobs(AdminClient& client, const NoValues& /*values*/) {
  boost::json::array jobs = client.ask("GET", "/jobs").at("jobs").as_array();
  if (client.form() == OutputForm::json) return print_json(jobs);
  for (boost::json::value& job : jobs) {
    boost::json::object& each = job.as_object();
    each["progress"] = progress_of(each);
    const bool has_failed = text_of(each, "state") == "failed";
    each["last"] = has_failed ? each.at("error") : each.at("result");
  }
  print_table(jobs, {{"JOB", "name"},
                     {"STATE", "state"},
                     {"PROGRESS", "progress"},
                     {"STARTED", "started"},
                     {"ENDED", "ended"},
                     {"NEXT", "next"},
                     {"LAST RESULT", "last"}});
}

void show_job(AdminClient& client, const JobValues& values) {
  const boost::json::object job = client.ask("GET", "/jobs/" + segment(values.name));
  if (client.form() == OutputForm::json) return print_json(job);
  for (const auto& [field, value] : job) fmt::print("{:<13} {}\n", std::string_view(field), text_of(job, field));
}

void run_job(AdminClient& client, const JobValues& values) {
  client.ask("POST", fmt::format("/jobs/{}/start", segment(values.name)), {});
  if (client.form() == OutputForm::people) fmt::print("{} begins\n", values.name);
}

void stop_job(AdminClient& client, const JobValues& values) {
  const boost::json::object answer = client.ask("POST", fmt::format("/jobs/{}/stop", segment(values.name)), {});
  if (client.form() == OutputForm::json) return print_json(answer);
  fmt::print("{} {}\n", values.name, answer.at("running").as_bool() ? "ends at its next step" : "does not run");
}

}  // namespace

void add_job_commands(CLI::App& app, ChosenCommand& chosen) {
  CommandFamily job(app, chosen, "job", "what runs in the background", kExamples);
  job.add<NoValues>("list", "list the jobs", describe_nothing, list_jobs);
  job.add<JobValues>("show", "show one job", describe_job, show_job);
  job.add<JobValues>("run", "begin a run now", describe_job, run_job);
  job.add<JobValues>("stop", "end the run under way", describe_job, stop_job);
}

}  // namespace berth
