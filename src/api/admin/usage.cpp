// /api/v1/usage
#include <algorithm>
#include <boost/json/array.hpp>

#include "api/admin/answers.h"
#include "api/admin/handlers.h"

namespace berth::admin {
namespace {

boost::json::object json_of(const NamedUsage& named) {
  const RepositoryUsage& usage = named.usage;
  return {{"repository", named.repository.text()},
          {"bytes", usage.bytes},
          {"pending_bytes", usage.pending_bytes},
          {"unique_bytes", usage.unique_bytes},
          {"shared_bytes", usage.shared_bytes},
          {"trash_bytes", usage.trash_bytes},
          {"reclaimable_bytes", usage.reclaimable_bytes},
          {"manifests", usage.manifests},
          {"tags", usage.tags}};
}

/// What is used, the limit and what is left; the last two are null without a limit.
boost::json::object json_of(const QuotaRule& rule, const QuotaUsage& usage, QuotaResource resource) {
  const std::uint64_t used = amount_of(usage, resource);
  boost::json::object object{{"used", used}, {"limit", nullptr}, {"left", nullptr}};
  if (const std::optional<std::uint64_t> limit = rule.limit(resource)) {
    object["limit"] = *limit;
    object["left"] = *limit - std::min(*limit, used);
  }
  return object;
}

boost::json::object json_of(const QuotaRule& rule, const ScopeUsage& scope) {
  boost::json::object object{{"repositories", rule.repositories.text()},
                             {"per", rule.unit == ScopeUnit::each ? "repository" : "namespace"},
                             {"repository", nullptr}};
  if (scope.repository) object["repository"] = scope.repository->text();
  for (const QuotaResource resource :
       {QuotaResource::bytes, QuotaResource::pending_bytes, QuotaResource::manifests, QuotaResource::tags}) {
    object[name_of(resource)] = json_of(rule, scope.usage, resource);
  }
  return object;
}

}  // namespace

Task<Answer> get_usage(const AdminParts& admin, Exchange& exchange) {
  if (admin.usage == nullptr) co_return refuse(ErrorCode::not_found, "nothing is counted here");
  std::optional<NamePattern> repositories;
  if (const auto asked = exchange.request.query.find("repositories")) {
    auto pattern = NamePattern::parse_repository(*asked);
    if (!pattern) co_return refuse(ErrorCode::request_invalid, "repositories: " + pattern.error(), {"repositories"});
    repositories = *std::move(pattern);
  }
  const Result<UsageReport> report = co_await admin.usage->report(std::move(repositories));
  if (!report) co_return std::unexpected(report.error());
  boost::json::array listed;
  for (const NamedUsage& repository : report->repositories) listed.push_back(json_of(repository));
  boost::json::array quotas;
  for (const ScopeUsage& scope : report->quotas) {
    quotas.push_back(json_of(admin.usage->quotas().rules().at(scope.scope), scope));
  }
  const StoredUsage& stored = report->stored;
  co_return json_response(200, {{"repositories", std::move(listed)},
                                {"quotas", std::move(quotas)},
                                {"stored",
                                 {{"blobs", stored.blobs},
                                  {"bytes", stored.bytes},
                                  {"trash_bytes", stored.trash_bytes},
                                  {"reclaimable_bytes", stored.reclaimable_bytes}}}});
}

}  // namespace berth::admin
