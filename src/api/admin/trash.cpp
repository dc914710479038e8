// /api/v1/trash, /api/v1/undo and /api/v1/tag-history
#include <boost/json/array.hpp>
#include <charconv>
#include <string_view>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"
#include "base/rfc3339.h"

namespace berth::admin {
namespace {

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing can be brought back here");
}

boost::json::array texts_of(const std::vector<Tag>& tags) {
  boost::json::array texts;
  for (const Tag& tag : tags) texts.emplace_back(tag.text());
  return texts;
}

boost::json::value text_or_null(const std::optional<Digest>& digest) {
  return digest ? boost::json::value(digest->to_string()) : boost::json::value(nullptr);
}

boost::json::object json_of(const TrashedManifest& trashed) {
  return {{"number", trashed.number},
          {"repository", trashed.repository.text()},
          {"digest", trashed.digest.to_string()},
          {"media_type", trashed.media_type},
          {"artifact_type", trashed.artifact_type},
          {"size", trashed.size_bytes},
          {"deleted", admin::json_of(std::optional(trashed.trashed))},
          {"deleted_by", trashed.who},
          {"tags", texts_of(trashed.tags)}};
}

boost::json::object json_of(const Undone& undone) {
  boost::json::array restored;
  for (const Digest& digest : undone.restored) restored.emplace_back(digest.to_string());
  return {{"names", text_or_null(undone.names)},
          {"restored", std::move(restored)},
          {"tags", texts_of(undone.tags)},
          {"taken", texts_of(undone.taken)}};
}

Task<Answer> bring_back_repository(const AdminParts& admin, Exchange& exchange, RepositoryName repository) {
  if (admin.repositories == nullptr) co_return nothing_here();
  const Result<RepositoryBack> back =
      co_await admin.repositories->manage.bring_back(std::move(repository), author_of(exchange));
  if (!back) co_return std::unexpected(back.error());
  co_return json_response(200, {{"manifests", back->manifests}, {"tags", back->tags}, {"taken", back->taken}});
}

}  // namespace

Task<Answer> get_trash(const AdminParts& admin, Exchange& exchange) {
  if (admin.trash == nullptr) co_return nothing_here();
  const Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(part.error());
  std::int64_t after = 0;
  if (part->after) {
    const std::string& text = *part->after;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), after);
    if (error != std::errc() || end != text.data() + text.size()) {
      co_return refuse(ErrorCode::request_invalid, "last: is not a number", {"last"});
    }
  }
  std::optional<RepositoryName> repository;
  if (exchange.request.query.find("repository")) {
    Result<RepositoryName> name = name_in_query<RepositoryName>(exchange, "repository");
    if (!name) co_return std::unexpected(name.error());
    repository = *std::move(name);
  }
  const Page<TrashedManifest> page = co_await admin.trash->store.list_trash(std::move(repository), after, part->limit);
  boost::json::array trash;
  for (const TrashedManifest& trashed : page.entries) trash.push_back(json_of(trashed));
  http::Response response = json_response(200, {{"trash", std::move(trash)}});
  if (page.has_more) add_next_link(response, exchange, std::to_string(page.entries.back().number), part->limit);
  co_return response;
}

Task<Answer> post_undo(const AdminParts& admin, Exchange& exchange) {
  if (admin.trash == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const Result<RepositoryName> repository = RepositoryName::parse(fields.text("repository"));
  if (!repository) fields.refuse_field("repository", repository.error().message);
  const std::optional<std::string> tag_text = fields.optional_text("tag");
  const std::optional<std::string> digest_text = fields.optional_text("digest");
  if (tag_text && digest_text) fields.refuse_field("tag", "either this or digest, not both");
  const Result<Tag> tag = Tag::parse(tag_text.value_or("latest"));
  if (!tag) fields.refuse_field("tag", tag.error().message);
  std::optional<Digest> digest;
  if (digest_text) {
    const Result<Digest> parsed = Digest::parse(*digest_text);
    if (parsed) {
      digest = *parsed;
    } else {
      fields.refuse_field("digest", parsed.error().message);
    }
  }
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  if (!tag_text && !digest_text) {
    Answer brought_back = co_await bring_back_repository(admin, exchange, *repository);
    co_return brought_back;
  }
  const Result<Undone> undone =
      digest ? co_await admin.trash->undo.restore_manifest(*repository, *digest, author_of(exchange))
             : co_await admin.trash->undo.undo_tag(*repository, *tag, author_of(exchange));
  if (!undone) co_return std::unexpected(undone.error());
  co_return json_response(200, json_of(*undone));
}

Task<Answer> get_tag_history(const AdminParts& admin, Exchange& exchange) {
  if (admin.trash == nullptr) co_return nothing_here();
  const Result<RepositoryName> repository = name_in_query<RepositoryName>(exchange, "repository");
  if (!repository) co_return std::unexpected(repository.error());
  const Result<Tag> tag = name_in_query<Tag>(exchange, "tag");
  if (!tag) co_return std::unexpected(tag.error());
  const Result<ListPart> part = read_list_part(exchange);
  if (!part) co_return std::unexpected(part.error());
  boost::json::array changes;
  for (const TagChange& change : co_await admin.trash->metadata.tag_history(*repository, *tag, part->limit)) {
    changes.push_back({{"at", to_exact_rfc3339(change.when)},
                       {"by", change.who},
                       {"from", text_or_null(change.from)},
                       {"to", text_or_null(change.to)}});
  }
  co_return json_response(200, {{"changes", std::move(changes)}});
}

}  // namespace berth::admin
