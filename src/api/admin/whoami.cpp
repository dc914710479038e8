// /api/v1/whoami and /api/v1/openapi.json
#include "api/admin/answers.h"
#include "api/admin/handlers.h"
#include "api/admin/openapi.h"

namespace berth::admin {
namespace {

std::string_view to_string(IdentityKind kind) {
  switch (kind) {
    case IdentityKind::anonymous:
      return "anonymous";
    case IdentityKind::user:
      return "user";
    case IdentityKind::robot:
      return "robot";
  }
  return {};
}

}  // namespace

Task<Answer> get_whoami(const AdminParts&, Exchange& exchange) {
  if (exchange.is_operator)
    co_return json_response(200,
                            {{"kind", "operator"}, {"name", ""}, {"groups", boost::json::array()}, {"admin", true}});
  const Identity& who = exchange.caller.identity();
  const bool is_admin = !exchange.caller.is_unrestricted() && exchange.caller.may(AccessAction::admin, {});
  co_return json_response(
      200, {{"kind", to_string(who.kind)}, {"name", who.name}, {"groups", json_of(who.groups)}, {"admin", is_admin}});
}

Task<Answer> get_openapi(const AdminParts&, Exchange&) {
  co_return http::Response::text(200, "application/json", std::string(openapi_document()));
}

}  // namespace berth::admin
