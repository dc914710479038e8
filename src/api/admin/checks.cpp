// /api/v1/checks
#include <boost/json/array.hpp>
#include <string_view>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

boost::json::object json_of(const Finding& finding) {
  boost::json::array images;
  for (const AffectedImage& image : finding.images.entries) {
    boost::json::array tags;
    for (const Tag& tag : image.tags) tags.emplace_back(tag.text());
    images.push_back(
        {{"repository", image.repository.text()}, {"digest", image.manifest.to_string()}, {"tags", std::move(tags)}});
  }
  boost::json::object object{{"kind", name_of(finding.kind)}, {"digest", nullptr},
                             {"path", finding.path},          {"size", finding.size_bytes},
                             {"what", finding.what},          {"mended", finding.is_mended},
                             {"images", std::move(images)},   {"more_images", !finding.images.are_all}};
  if (finding.digest) object["digest"] = finding.digest->to_string();
  return object;
}

boost::json::object json_of(const ScrubView& view) {
  boost::json::array findings;
  for (const Finding& finding : view.findings) findings.push_back(json_of(finding));
  const ScrubReport& report = view.report;
  return {{"run", view.run},
          {"running", view.is_running},
          {"repair", view.order.is_repair},
          {"fast", view.order.depth == ScrubDepth::sizes},
          {"failure", view.failure},
          {"blobs_total", report.blobs_total},
          {"bytes_total", report.bytes_total},
          {"blobs", report.blobs},
          {"bytes", report.bytes},
          {"files", report.files},
          {"standing", report.standing},
          {"mended", report.mended},
          {"skipped", report.skipped},
          {"first", view.first},
          {"findings", std::move(findings)}};
}

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing is checked here");
}

}  // namespace

Task<Answer> post_check(const AdminParts& admin, Exchange& exchange) {
  if (admin.scrub == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  ScrubOrder order;
  order.is_repair = fields.optional_flag("repair").value_or(false);
  if (fields.optional_flag("fast").value_or(false)) order.depth = ScrubDepth::sizes;
  order.bytes_per_second = fields.optional_number("rate").value_or(0);
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> run = admin.scrub->start(order);
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> get_check(const AdminParts& admin, Exchange& exchange) {
  if (admin.scrub == nullptr) co_return nothing_here();
  const Result<std::uint64_t> run = read_number(exchange.parameter, "run");
  if (!run) co_return std::unexpected(run.error());
  const auto asked = exchange.request.query.find("from");
  const Result<std::uint64_t> from = read_number(asked ? *asked : "0", "from");
  if (!from) co_return std::unexpected(from.error());
  const std::optional<ScrubView> view = admin.scrub->look(*run, *from);
  if (!view) co_return refuse(ErrorCode::not_found, "there is no such check", {exchange.parameter});
  co_return json_response(200, json_of(*view));
}

}  // namespace berth::admin
