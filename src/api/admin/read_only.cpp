// /api/v1/read-only
#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/request_fields.h"

namespace berth::admin {
namespace {

std::unexpected<Error> nothing_here() {
  return refuse(ErrorCode::not_found, "nothing is switched here");
}

http::Response state_of(const ReadOnlyMode& mode) {
  return json_response(200, {{"read_only", mode.is_on()},
                             {"configured", mode.is_configured()},
                             {"writes_under_way", mode.writes_under_way()}});
}

}  // namespace

Task<Answer> get_read_only(const AdminParts& admin, Exchange& /*exchange*/) {
  if (admin.read_only == nullptr) co_return nothing_here();
  co_return state_of(admin.read_only->mode);
}

Task<Answer> patch_read_only(const AdminParts& admin, Exchange& exchange) {
  if (admin.read_only == nullptr) co_return nothing_here();
  const Result<std::string> body = co_await read_json_body(exchange.request);
  if (!body) co_return std::unexpected(body.error());
  RequestFields fields(*body);
  const std::optional<bool> wanted = fields.optional_flag("read_only");
  if (!wanted) fields.refuse_field("read_only", "is missing");
  if (Result<void> fine = fields.finish(); !fine) co_return std::unexpected(std::move(fine.error()));
  ReadOnlyMode& mode = admin.read_only->mode;
  if (!*wanted && mode.is_configured()) {
    co_return refuse(ErrorCode::conflict,
                     "storage.maintenance.readonly.enabled is set: change the configuration and start anew");
  }
  if (mode.is_configured()) co_return state_of(mode);
  // Kept first: a start in between finds what was asked for.
  co_await admin.read_only->metadata.set_read_only(*wanted);
  mode.switch_to(*wanted);
  co_return state_of(mode);
}

}  // namespace berth::admin
