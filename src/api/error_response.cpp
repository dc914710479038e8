#include "api/error_response.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <vector>

#include "api/json_text.h"

namespace berth {

namespace {

/// One OCI error, its detail as JSON text (empty: none).
struct Entry {
  std::string_view code;
  std::string message;
  std::string detail = {};
};

http::Response envelope(unsigned status, const std::vector<Entry>& entries) {
  std::string body = R"({"errors":[)";
  for (const Entry& entry : entries) {
    if (body.back() == '}') body += ',';
    body += R"({"code":)";
    append_json_string(body, entry.code);
    body += R"(,"message":)";
    append_json_string(body, entry.message);
    if (!entry.detail.empty()) {
      body += R"(,"detail":)";
      body += entry.detail;
    }
    body += '}';
  }
  body += "]}\n";  // Distribution's encoder ends with a newline
  http::Response response = http::Response::text(status, "application/json", std::move(body));
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

std::string json_of(std::string_view text) {
  std::string json;
  append_json_string(json, text);
  return json;
}

std::string json_object(std::string_view key, std::string_view value) {
  return "{" + json_of(key) + ":" + json_of(value) + "}";
}

/// Distribution's message, which scripts look for, and what we have to say beyond it.
std::string explain(std::string_view standard, const Error& error) {
  if (error.message.empty() || error.message == standard) return std::string(standard);
  return std::string(standard) + ": " + error.message;
}

std::string first_subject(const Error& error) {
  return error.subjects.empty() ? std::string() : error.subjects[0];
}

http::Response single(unsigned status, std::string_view code, std::string message, std::string detail = {}) {
  return envelope(status, {{.code = code, .message = std::move(message), .detail = std::move(detail)}});
}

/// The first subject as a JSON string.
std::string subject_detail(const Error& error) {
  return error.subjects.empty() ? std::string() : json_of(error.subjects[0]);
}

http::Response missing_references(const Error& error) {
  std::vector<Entry> entries;
  for (const std::string& subject : error.subjects) {
    entries.push_back({.code = "MANIFEST_BLOB_UNKNOWN", .message = error.message, .detail = json_of(subject)});
  }
  if (entries.empty()) entries.push_back({.code = "MANIFEST_BLOB_UNKNOWN", .message = error.message});
  return envelope(400, entries);
}

/// The rule and the resource as strings, the rest as numbers.
std::string quota_detail(const Error& error) {
  constexpr std::array<std::string_view, 6> kNames{"rule", "resource", "limit", "used", "needed", "left"};
  std::string json = "{";
  for (std::size_t i = 0; i < std::min(kNames.size(), error.subjects.size()); ++i) {
    if (i > 0) json += ',';
    json += json_of(kNames[i]) + ":" + (i < 2 ? json_of(error.subjects[i]) : error.subjects[i]);
  }
  return json + "}";
}

}  // namespace

http::Response error_response(const Error& error) {
  switch (error.code) {
    case ErrorCode::name_invalid:
      return single(400, "NAME_INVALID", explain("invalid repository name", error), subject_detail(error));
    case ErrorCode::name_unknown:
      return single(404, "NAME_UNKNOWN", "repository name not known to registry",
                    json_object("name", first_subject(error)));
    case ErrorCode::tag_invalid:
      return single(400, "TAG_INVALID", error.message, subject_detail(error));
    case ErrorCode::too_many_tags:
      return single(414, "TAG_INVALID", error.message);
    case ErrorCode::manifest_invalid:
      return single(400, "MANIFEST_INVALID", explain("manifest invalid", error), subject_detail(error));
    case ErrorCode::manifest_unknown:
      return single(404, "MANIFEST_UNKNOWN", "manifest unknown", subject_detail(error));
    case ErrorCode::manifest_too_large:
      return single(413, "SIZE_INVALID", error.message);
    case ErrorCode::manifest_reference_unknown:
      return missing_references(error);
    case ErrorCode::blob_unknown:
      return single(404, "BLOB_UNKNOWN", "blob unknown to registry", subject_detail(error));
    case ErrorCode::blob_in_use:
      return single(405, "UNSUPPORTED", error.message, subject_detail(error));
    case ErrorCode::upload_unknown:
      return single(404, "BLOB_UPLOAD_UNKNOWN", "blob upload unknown to registry", subject_detail(error));
    case ErrorCode::upload_invalid:
      return single(404, "BLOB_UPLOAD_INVALID", explain("blob upload invalid", error), subject_detail(error));
    case ErrorCode::upload_range_invalid:
    case ErrorCode::upload_busy:
      return single(416, "RANGE_INVALID", explain("invalid content range", error), subject_detail(error));
    case ErrorCode::digest_invalid:
      return single(400, "DIGEST_INVALID", explain("provided digest did not match uploaded content", error),
                    subject_detail(error));
    case ErrorCode::size_invalid:
      return single(400, "SIZE_INVALID", explain("provided length did not match content length", error),
                    subject_detail(error));
    case ErrorCode::page_number_invalid:
      return single(400, "PAGINATION_NUMBER_INVALID", explain("invalid number of results requested", error),
                    json_object("n", first_subject(error)));
    case ErrorCode::query_invalid:
      return single(400, "UNSUPPORTED", error.message, subject_detail(error));
    case ErrorCode::precondition_failed:
      return single(412, "DENIED", error.message, subject_detail(error));
    case ErrorCode::deletes_disabled:
    case ErrorCode::read_only:
      return single(405, "UNSUPPORTED", error.message);
    case ErrorCode::denied:
      return single(403, "DENIED", explain("requested access to the resource is denied", error), subject_detail(error));
    case ErrorCode::quota_exceeded:
      return single(403, "DENIED", error.message, quota_detail(error));
    case ErrorCode::too_many_requests:
      return single(429, "TOOMANYREQUESTS", explain("too many requests", error));
    case ErrorCode::storage_full:
      return single(507, "UNAVAILABLE", error.message);
    case ErrorCode::overloaded:
      return single(503, "UNAVAILABLE", explain("service unavailable", error));
    case ErrorCode::request_invalid:
      return single(400, "REQUEST_INVALID", error.message, subject_detail(error));
    case ErrorCode::not_found:
      return single(404, "NOT_FOUND", error.message, subject_detail(error));
    case ErrorCode::conflict:
      return single(409, "CONFLICT", error.message, subject_detail(error));
  }
  return single(500, "UNKNOWN", "unknown error");
}

namespace {

std::string json_of(const std::vector<WantedAccess>& wanted) {
  if (wanted.empty()) return "null";  // as Distribution's, when nothing in particular is wanted
  std::string json = "[";
  for (const WantedAccess& access : wanted) {
    if (json.size() > 1) json += ',';
    json += R"({"Type":)" + json_of(access.type) + R"(,"Class":"","Name":)" + json_of(access.name) + R"(,"Action":)" +
            json_of(access.action) + "}";
  }
  return json + ']';
}

}  // namespace

http::Response unauthorized_response(const std::string& why, const std::vector<WantedAccess>& wanted) {
  const std::string message = "authentication required" + (why.empty() ? std::string() : ": " + why);
  return single(401, "UNAUTHORIZED", message, json_of(wanted));
}

http::Response denied_response(const std::vector<WantedAccess>& wanted) {
  return single(403, "DENIED", "requested access to the resource is denied", json_of(wanted));
}

http::Response unhealthy_response() {
  return single(503, "UNAVAILABLE", "service unavailable", json_of("health check failed: please see /debug/health"));
}

http::Response failure_response(const std::exception_ptr& failure) {
  try {
    std::rethrow_exception(failure);
  } catch (const Failure& known) {
    switch (known.kind()) {
      case FailureKind::storage_full:
        return single(507, "UNAVAILABLE", "the registry's disk is full");
      case FailureKind::overloaded:
        return single(503, "UNAVAILABLE", "service unavailable: too much to do at once, try again");
      case FailureKind::shutting_down:
        return single(503, "UNAVAILABLE", "service unavailable: the registry is stopping");
      case FailureKind::metadata:
        return single(503, "UNAVAILABLE", "service unavailable: the metadata store does not answer");
      case FailureKind::body_too_large:
        return single(413, "SIZE_INVALID", "the request's body is too large");
      case FailureKind::body_malformed:
        return single(400, "SIZE_INVALID", "the request's body is malformed");
      case FailureKind::interrupted:
        return single(408, "BLOB_UPLOAD_INVALID", "the request's body broke off or was too slow");
      case FailureKind::storage:
      case FailureKind::internal:
        break;
    }
  } catch (...) {
    // What is not a Failure is a defect of ours.
  }
  return single(500, "UNKNOWN", "unknown error");
}

}  // namespace berth
