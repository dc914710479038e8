// berth explain: what keeps some content, or when and why it went.
#include <fmt/format.h>

#include <cstdio>
#include <exception>
#include <string>

#include "apps/berth/admin_client.h"
#include "apps/berth/commands.h"

namespace berth {
namespace {

using boost::json::object;

/// Words for one that keeps it.
std::string words_of(const object& keeper) {
  const std::string kind = text_of(keeper, "kind");
  const std::string repository = text_of(keeper, "repository");
  const std::string by = text_of(keeper, "by");
  if (kind == "tag") return fmt::format("the tag {}:{}", repository, text_of(keeper, "tag"));
  if (kind == "pin") return fmt::format("a pin in {}", repository);
  if (kind == "index") return fmt::format("the index {}@{}", repository, by);
  if (kind == "subject") return fmt::format("its subject {}@{}", repository, by);
  if (kind == "reference") return fmt::format("the manifest {}@{}", repository, by);
  if (kind == "link") return fmt::format("{} links it; promised until {}", repository, text_of(keeper, "until"));
  if (kind == "promise") return fmt::format("{} holds it; promised until {}", repository, text_of(keeper, "until"));
  return fmt::format("{} in {}", kind, repository);
}

void print_for_people(const object& content) {
  fmt::print("{}\n", text_of(content, "digest"));
  if (const auto* blob = content.at("blob").if_object()) {
    fmt::print("  bytes     {}, {}\n", text_of(*blob, "size"), text_of(*blob, "state"));
  } else {
    fmt::print("  bytes     none on record\n");
  }
  for (const auto& keeper : content.at("keepers").as_array())
    fmt::print("  kept by   {}\n", words_of(keeper.as_object()));
  for (const auto& review : content.at("reviews").as_array()) {
    const object& each = review.as_object();
    const std::string repository = text_of(each, "repository");
    fmt::print("  looked at {} next{}\n", text_of(each, "due"), repository == "-" ? "" : " in " + repository);
  }
  for (const auto& removal : content.at("removals").as_array()) {
    const object& each = removal.as_object();
    const std::string repository = text_of(each, "repository");
    fmt::print("  removed   {} as a {}{}: {}\n", text_of(each, "at"), text_of(each, "kind"),
               repository == "-" ? "" : " of " + repository, text_of(each, "why"));
  }
}

}  // namespace

int run_explain(const std::optional<std::string>& file, const std::string& digest, OutputForm form) {
  try {
    AdminClient client({.config_file = file, .form = form});
    const object content = client.ask("GET", "/content/" + segment(digest));
    if (form == OutputForm::json) {
      print_json(content);
    } else {
      print_for_people(content);
    }
    return 0;
  } catch (const std::exception& error) {
    fmt::print(stderr, "berth: {}\n", error.what());
    return 1;
  }
}

}  // namespace berth
