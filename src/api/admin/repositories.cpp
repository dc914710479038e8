// /api/v1/repositories, /api/v1/renames and /api/v1/aliases
#include <boost/json/array.hpp>
#include <string_view>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

/// Ten years: what is longer is a mistake.
constexpr std::uint64_t kLongestAlias = std::uint64_t{10} * 365 * 24 * 3600;

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "no repository is managed here");
}

Result<RepositoryName> read_name(std::string_view field, std::string_view text) {
  Result<RepositoryName> name = RepositoryName::parse(text);
  if (name) return name;
  return refuse(ErrorCode::request_invalid, std::string(field) + ": " + name.error().message, {std::string(field)});
}

}  // namespace

Task<Answer> delete_repository(const AdminParts& admin, Exchange& exchange) {
  if (admin.repositories == nullptr) co_return nothing_here();
  const Result<RepositoryName> name = read_name("repository", exchange.request.query.find("repository").value_or(""));
  if (!name) co_return std::unexpected(name.error());
  const Result<RepositoryGone> gone = co_await admin.repositories->manage.remove(
      *name, author_of(exchange), exchange.caller.undeletable_tags(*name, *name));
  if (!gone) co_return std::unexpected(gone.error());
  co_return json_response(200, {{"manifests", gone->manifests}, {"tags", gone->tags}, {"in_trash", gone->is_in_trash}});
}

Task<Answer> post_rename(const AdminParts& admin, Exchange& exchange) {
  if (admin.repositories == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const std::string from_text = fields.text("from");
  const std::string to_text = fields.text("to");
  const std::optional<std::uint64_t> seconds = fields.optional_number("alias_seconds");
  if (seconds && *seconds > kLongestAlias) fields.refuse_field("alias_seconds", "is more than ten years");
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<RepositoryName> from = read_name("from", from_text);
  if (!from) co_return std::unexpected(from.error());
  const Result<RepositoryName> to = read_name("to", to_text);
  if (!to) co_return std::unexpected(to.error());
  const std::chrono::seconds alias = seconds ? std::chrono::seconds(*seconds) : admin.repositories->keep_aliases;
  const Result<void> renamed = co_await admin.repositories->manage.rename(*from, *to, alias);
  if (!renamed) co_return std::unexpected(renamed.error());
  co_return json_response(200, {{"repository", to->text()}, {"alias_seconds", alias.count()}});
}

Task<Answer> get_aliases(const AdminParts& admin, Exchange& exchange) {
  if (admin.repositories == nullptr) co_return nothing_here();
  const Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(part.error());
  std::optional<RepositoryName> after;
  if (part->after) {
    Result<RepositoryName> name = read_name("last", *part->after);
    if (!name) co_return std::unexpected(name.error());
    after = *std::move(name);
  }
  const Page<RepositoryAlias> page = co_await admin.repositories->manage.list_aliases(std::move(after), part->limit);
  boost::json::array aliases;
  for (const RepositoryAlias& alias : page.entries) {
    aliases.push_back({{"alias", alias.name.text()},
                       {"repository", alias.repository.text()},
                       {"until", json_of(std::optional(alias.until))}});
  }
  http::Response response = json_response(200, {{"aliases", std::move(aliases)}});
  if (page.has_more) add_next_link(response, exchange, page.entries.back().name.text(), part->limit);
  co_return response;
}

Task<Answer> delete_alias(const AdminParts& admin, Exchange& exchange) {
  if (admin.repositories == nullptr) co_return nothing_here();
  const Result<RepositoryName> name = read_name("alias", exchange.request.query.find("alias").value_or(""));
  if (!name) co_return std::unexpected(name.error());
  const Result<void> removed = co_await admin.repositories->manage.remove_alias(*name);
  if (!removed) co_return std::unexpected(removed.error());
  co_return done_response();
}

}  // namespace berth::admin
