#include "server/config.h"
#include "server/settings.h"

namespace berth {
namespace {

struct LogHook {
  bool is_disabled = false;
  std::string type;
  std::vector<std::string> levels;
  std::string smtp_address;
  std::string smtp_username;
  std::string smtp_password;
  bool is_smtp_insecure = false;
  std::string from;
  std::vector<std::string> to;
};

void describe_hook(SettingSection& section, LogHook& hook) {
  section.value("disabled", flag(hook.is_disabled), "Skips this hook.");
  section.value("type", text(hook.type), "Only `mail` exists.");
  section.value("levels", text_list(hook.levels), "Levels that trigger it.");
  SettingSection options = section.section("options", "How the mail is sent.", {.variable = "MAILOPTIONS"});
  SettingSection smtp = options.section("smtp", "The mail server.");
  smtp.value("addr", text(hook.smtp_address), "host:port of the mail server.");
  smtp.value("username", text(hook.smtp_username), "User at the mail server.");
  smtp.value("password", text(hook.smtp_password), "Password at the mail server.", {.is_secret = true});
  smtp.value("insecure", flag(hook.is_smtp_insecure), "Does not check the mail server's certificate.");
  options.value("from", text(hook.from), "Sender.");
  options.value("to", text_list(hook.to), "Recipients.");
}

}  // namespace

void describe_log(SettingSection root, ServerConfig& config) {
  SettingSection log = root.section("log", "The application log on standard error, the access log on standard output.");
  log.value(
      "level",
      choice<LogLevel>(
          config.log.level,
          {{"error", LogLevel::error}, {"warn", LogLevel::warn}, {"info", LogLevel::info}, {"debug", LogLevel::debug}}),
      "The least important level that is written.", {.reload = SettingReload::live});
  log.value(
      "formatter",
      choice<LogFormat>(config.log.formatter,
                        {{"text", LogFormat::text}, {"json", LogFormat::json}, {"logstash", LogFormat::logstash}}),
      "How a record is written.");
  log.value("fields", text_map(config.log.fields), "Added to every record of the application log.");
  log.value("reportcaller", flag(config.log.reports_caller), "Adds the function and the place in the source.");
  log.section("accesslog", "The access log.")
      .value("disabled", flag(config.log.is_access_log_disabled), "Writes no access log.");
  log.list<LogHook>("hooks", log.own<std::vector<LogHook>>(), describe_hook, "Mail on log records.",
                    {.status = SettingStatus::not_built_yet, .reason = "mail from the log"});
}

}  // namespace berth
