// /api/v1/backups
#include <boost/json/object.hpp>
#include <string_view>
#include <utility>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing is backed up here");
}

boost::json::object json_of(const BackupView& view) {
  const BackupReport& report = view.report;
  return {{"run", view.run},
          {"running", view.is_running},
          {"failure", view.failure},
          {"name", report.name},
          {"blobs", report.blobs},
          {"bytes", report.bytes},
          {"added_blobs", report.added_blobs},
          {"added_bytes", report.added_bytes},
          {"linked_blobs", report.linked_blobs},
          {"metadata_bytes", report.metadata_bytes},
          {"missing_blobs", report.missing_blobs},
          {"pruned_backups", report.pruned_backups},
          {"pruned_bytes", report.pruned_bytes}};
}

}  // namespace

Task<Answer> post_backup(const AdminParts& admin, Exchange& exchange) {
  if (admin.backups == nullptr) co_return nothing_here();
  // Who may write files of the machine is who may log in there.
  if (!exchange.is_operator)
    co_return refuse(ErrorCode::denied, "backups are made on the server's machine: berth backup");
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  BackupOrder order;
  order.directory = fields.text("directory");
  order.reads_links = fields.optional_flag("verify").value_or(true);
  order.keep = static_cast<std::size_t>(fields.optional_number("keep").value_or(0));
  if (const auto seconds = fields.optional_number("keep_seconds")) {
    constexpr std::uint64_t kLongest = 100ULL * 366 * 24 * 3600;
    order.keep_for = std::chrono::seconds(std::min<std::uint64_t>(*seconds, kLongest));
  }
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  const Result<std::uint64_t> run = admin.backups->start(std::move(order));
  if (!run) co_return std::unexpected(run.error());
  co_return json_response(202, {{"run", *run}});
}

Task<Answer> get_backup(const AdminParts& admin, Exchange& exchange) {
  if (admin.backups == nullptr) co_return nothing_here();
  const Result<std::uint64_t> run = read_number(exchange.parameter, "run");
  if (!run) co_return std::unexpected(run.error());
  const std::optional<BackupView> view = admin.backups->look(*run);
  if (!view) co_return refuse(ErrorCode::not_found, "there is no such backup", {exchange.parameter});
  co_return json_response(200, json_of(*view));
}

}  // namespace berth::admin
