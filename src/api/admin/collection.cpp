// /api/v1/garbage-collections and /api/v1/content
#include <boost/json/array.hpp>
#include <string_view>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

constexpr std::size_t kMostOfAnExplanation = 100;

std::string_view name_of(ReviewKind kind) {
  switch (kind) {
    case ReviewKind::blob:
      return "blob";
    case ReviewKind::link:
      return "link";
    case ReviewKind::manifest:
      return "manifest";
  }
  return {};
}

std::string_view name_of(BlobState state) {
  switch (state) {
    case BlobState::present:
      return "present";
    case BlobState::deleting:
      return "deleting";
    case BlobState::missing:
      return "missing";
  }
  return {};
}

boost::json::value text_or_null(const std::optional<RepositoryName>& name) {
  return name ? boost::json::value(name->text()) : boost::json::value(nullptr);
}

boost::json::object json_of(const ReviewOutcome& outcome) {
  boost::json::object object{{"kind", name_of(outcome.candidate.kind)},
                             {"repository", text_or_null(outcome.candidate.repository)},
                             {"digest", outcome.candidate.digest.to_string()},
                             {"size", outcome.size_bytes}};
  if (outcome.verdict == Verdict::removed) {
    boost::json::array tags;
    for (const Tag& tag : outcome.tags) tags.emplace_back(tag.text());
    object["verdict"] = "removed";
    object["why"] = outcome.why;
    object["tags"] = std::move(tags);
  } else {
    object["verdict"] = "waiting";
    object["keeper"] = berth::name_of(outcome.keeper->kind);
    object["until"] = admin::json_of(outcome.keeper->until);
  }
  return object;
}

boost::json::object json_of(const CollectionView& view) {
  boost::json::array outcomes;
  for (const ReviewOutcome& outcome : view.outcomes) outcomes.push_back(json_of(outcome));
  const CollectionReport& report = view.report;
  return {{"run", view.run},
          {"running", view.is_running},
          {"dry_run", view.is_dry_run},
          {"failure", view.failure},
          {"paused", report.was_paused},
          {"looked_at", report.looked_at},
          {"manifests", report.manifests},
          {"links", report.links},
          {"blobs", report.blobs},
          {"bytes", report.bytes},
          {"emptied", report.emptied},
          {"trash_manifests", view.trash.manifests},
          {"trash_bytes", view.trash.blob_bytes},
          {"trash_until", admin::json_of(view.trash_until)},
          {"waiting", report.waiting},
          {"waiting_bytes", report.waiting_bytes},
          {"failed_removals", report.failed_removals},
          {"freed_bytes", view.freed_bytes},
          {"first", view.first},
          {"outcomes", std::move(outcomes)}};
}

boost::json::object json_of(const Keeper& keeper) {
  boost::json::object object{{"kind", berth::name_of(keeper.kind)}, {"repository", text_or_null(keeper.repository)}};
  if (keeper.tag) object["tag"] = keeper.tag->text();
  if (keeper.by) object["by"] = keeper.by->to_string();
  if (keeper.until) object["until"] = admin::json_of(keeper.until);
  return object;
}

boost::json::object json_of(const Digest& digest, const Explanation& explanation) {
  boost::json::object object{{"digest", digest.to_string()}};
  if (explanation.blob) {
    object["blob"] = {{"size", explanation.blob->size_bytes}, {"state", name_of(explanation.blob->state)}};
  } else {
    object["blob"] = nullptr;
  }
  boost::json::array keepers;
  for (const Keeper& keeper : explanation.keepers) keepers.push_back(json_of(keeper));
  boost::json::array reviews;
  for (const Candidate& review : explanation.reviews) {
    reviews.push_back({{"kind", name_of(review.kind)},
                       {"repository", text_or_null(review.repository)},
                       {"due", admin::json_of(review.due)}});
  }
  boost::json::array removals;
  for (const Removal& removal : explanation.removals) {
    removals.push_back({{"at", admin::json_of(std::optional(removal.at))},
                        {"kind", name_of(removal.kind)},
                        {"repository", text_or_null(removal.repository)},
                        {"size", removal.size_bytes},
                        {"why", removal.why}});
  }
  object["keepers"] = std::move(keepers);
  object["reviews"] = std::move(reviews);
  object["removals"] = std::move(removals);
  return object;
}

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing is collected here");
}

}  // namespace

Task<Answer> post_collection(const AdminParts& admin, Exchange& exchange) {
  if (admin.collection == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const bool is_dry_run = fields.optional_flag("dry_run").value_or(false);
  const bool takes_untagged = fields.optional_flag("delete_untagged").value_or(false);
  const std::optional<bool> empties_trash = fields.optional_flag("empty_trash");
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> run = admin.collection->desk.start(
      {.is_dry_run = is_dry_run, .takes_untagged = takes_untagged, .empties_trash = empties_trash});
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> get_collection(const AdminParts& admin, Exchange& exchange) {
  if (admin.collection == nullptr) co_return nothing_here();
  const Result<std::uint64_t> run = read_number(exchange.parameter, "run");
  if (!run) co_return std::unexpected(run.error());
  const auto asked = exchange.request.query.find("from");
  const Result<std::uint64_t> from = read_number(asked ? *asked : "0", "from");
  if (!from) co_return std::unexpected(from.error());
  const std::optional<CollectionView> view = admin.collection->desk.look(*run, *from);
  if (!view) co_return refuse(ErrorCode::not_found, "there is no such garbage collection", {exchange.parameter});
  co_return json_response(200, json_of(*view));
}

Task<Answer> get_content(const AdminParts& admin, Exchange& exchange) {
  if (admin.collection == nullptr) co_return nothing_here();
  const Result<Digest> digest = Digest::parse(exchange.parameter);
  if (!digest) co_return refuse(ErrorCode::request_invalid, "digest: " + digest.error().message, {"digest"});
  const Explanation explanation = co_await admin.collection->store.explain(*digest, kMostOfAnExplanation);
  co_return json_response(200, json_of(*digest, explanation));
}

}  // namespace berth::admin
