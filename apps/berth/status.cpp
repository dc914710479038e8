// berth status: what the Berth that serves a root says of itself, through its control socket.
#include <fmt/format.h>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <cstdio>
#include <exception>

#include "apps/berth/commands.h"
#include "net/local_client.h"
#include "server/config_loader.h"
#include "storage/layout.h"

namespace berth {
namespace {

std::string text_of(const boost::json::value& value) {
  return value.is_string() ? std::string(value.as_string()) : boost::json::serialize(value);
}

void print_for_people(const boost::json::object& status) {
  for (const auto& [name, value] : status) {
    if (const auto* list = value.if_array()) {
      for (const auto& entry : *list) fmt::print("{:<16} {}\n", std::string_view(name), text_of(entry));
    } else if (const auto* entries = value.if_object()) {
      if (entries->empty()) fmt::print("{:<16} none\n", std::string_view(name));
      for (const auto& [check, why] : *entries) {
        fmt::print("{:<16} {}: {}\n", std::string_view(name), std::string_view(check), text_of(why));
      }
    } else {
      fmt::print("{:<16} {}\n", std::string_view(name), text_of(value));
    }
  }
}

}  // namespace

int run_status(const std::optional<std::string>& file, OutputForm form) {
  const LoadedConfig loaded = load_config({.file = file, .environment = registry_environment()});
  if (!loaded.errors.empty()) {
    for (const std::string& line : loaded.errors) fmt::print(stderr, "{}\n", line);
    return 1;
  }
  const std::string& root = loaded.config.storage.filesystem.root_directory;
  try {
    const auto answer = ask_local_server(root + "/" + std::string(layout::kControlSocket), "GET", "/status");
    if (!answer) {
      fmt::print(stderr, "berth: no Berth serves {}\n", root);
      return 1;
    }
    if (answer->status != 200) {
      fmt::print(stderr, "berth: the server on {} answered {}\n", root, answer->status);
      return 1;
    }
    if (form == OutputForm::json) {
      fmt::print("{}", answer->body);
    } else {
      print_for_people(boost::json::parse(answer->body).as_object());
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
