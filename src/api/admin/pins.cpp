// /api/v1/pins
#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

constexpr std::size_t kWhyLimitBytes = 500;

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing is pinned here");
}

boost::json::object json_of(const Pin& pin) {
  return {{"repository", pin.repository.text()},
          {"digest", pin.digest.to_string()},
          {"since", admin::json_of(std::optional(pin.since))},
          {"by", pin.who},
          {"why", pin.why}};
}

}  // namespace

Task<Answer> get_pins(const AdminParts& admin, Exchange& exchange) {
  if (admin.pins == nullptr) co_return nothing_here();
  const Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(part.error());
  const PinPage page = co_await admin.pins->list(part->after.value_or(""), part->limit);
  boost::json::array pins;
  for (const Pin& pin : page.entries) pins.push_back(json_of(pin));
  http::Response response = json_response(200, {{"pins", std::move(pins)}, {"next", page.next.value_or("")}});
  if (page.next) add_next_link(response, exchange, *page.next, part->limit);
  co_return response;
}

Task<Answer> post_pin(const AdminParts& admin, Exchange& exchange) {
  if (admin.pins == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const Result<RepositoryName> repository = RepositoryName::parse(fields.text("repository"));
  if (!repository) fields.refuse_field("repository", repository.error().message);
  const Result<Reference> reference = parse_reference(fields.text("reference"));
  if (!reference) fields.refuse_field("reference", reference.error().message);
  std::string why = fields.optional_text("why").value_or("");
  if (why.size() > kWhyLimitBytes) fields.refuse_field("why", "is longer than 500 bytes");
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<Pin> pin = co_await admin.pins->pin(*repository, *reference, author_of(exchange), std::move(why));
  if (!pin) co_return std::unexpected(pin.error());
  co_return json_response(200, json_of(*pin));
}

Task<Answer> delete_pin(const AdminParts& admin, Exchange& exchange) {
  if (admin.pins == nullptr) co_return nothing_here();
  const Result<RepositoryName> repository = name_in_query<RepositoryName>(exchange, "repository");
  if (!repository) co_return std::unexpected(repository.error());
  const Result<Digest> digest = name_in_query<Digest>(exchange, "digest");
  if (!digest) co_return std::unexpected(digest.error());
  const Result<void> gone = co_await admin.pins->unpin(*repository, *digest);
  if (!gone) co_return std::unexpected(gone.error());
  co_return done_response();
}

}  // namespace berth::admin
