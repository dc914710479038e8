#include "apps/berth/transfer_view.h"

#include <fmt/format.h>

#include <cstdio>
#include <string>

#include "apps/berth/progress.h"

namespace berth {

using boost::json::object;

int watch_transfer(AdminClient& client, const object& begun, OutputForm form, const char* done_word) {
  Progress progress(form == OutputForm::people);
  const object view = watch_run(client, fmt::format("/transfers/{}", number_of(begun, "run")), [&](const object& each) {
    const auto& failures = each.at("failures").as_array();
    for (const boost::json::value& what : failures) {
      progress.clear();
      if (form == OutputForm::people) fmt::print(stderr, "berth: {}\n", std::string(what.as_string()));
    }
    progress.show(number_of(each, "repositories"), number_of(each, "repositories_total"),
                  fmt::format("{} manifests, {}", number_of(each, "manifests"), human(number_of(each, "bytes"))));
    return number_of(each, "first") + failures.size();
  });
  progress.clear();
  if (const std::string failure = text_of(view, "failure"); failure != "-") {
    fmt::print(stderr, "berth: {}\n", failure);
    return 1;
  }
  const std::uint64_t failures = number_of(view, "failures_total");
  if (form == OutputForm::json) {
    print_json(view);
  } else {
    fmt::print("{} {} repositories: {} tags set, {} manifests, {} blobs ({})", done_word,
               number_of(view, "repositories"), number_of(view, "tags"), number_of(view, "manifests"),
               number_of(view, "blobs"), human(number_of(view, "bytes")));
    fmt::print("{}\n", failures > 0 ? fmt::format("; {} images failed", failures) : "");
  }
  return failures > 0 ? 1 : 0;
}

}  // namespace berth
