#include "http/failure_answer.h"

#include <string>

#include "base/failure.h"
#include "http/response_head.h"

namespace berth::http {

Response text_answer(unsigned status, std::string_view reason) {
  return Response::text(status, "text/plain; charset=utf-8", std::string(reason) + "\n");
}

std::optional<Response> answer_to_failure(Log& log, const Request& request, const std::exception_ptr& error,
                                          BodyPace pace) {
  unsigned status = 500;
  std::string why = "unknown exception";
  try {
    std::rethrow_exception(error);
  } catch (const Failure& failure) {
    why = failure.what();
    switch (failure.kind()) {
      case FailureKind::interrupted:
        if (pace == BodyPace::fine) return std::nullopt;
        return text_answer(408, why);
      case FailureKind::body_malformed:
        return text_answer(400, why);
      case FailureKind::body_too_large:
        return text_answer(413, why);
      case FailureKind::overloaded:
      case FailureKind::shutting_down:
        status = 503;
        break;
      case FailureKind::storage_full:
        status = 507;
        break;
      case FailureKind::storage:
      case FailureKind::metadata:
      case FailureKind::internal:
        break;
    }
  } catch (const std::exception& exception) {
    why = exception.what();
  } catch (...) {
  }
  log.error("request failed", {{"http.request.id", request.request_id},
                               {"method", request.method_text},
                               {"target", request.target},
                               {"status", status},
                               {"error", why}});
  Response response = text_answer(status, reason_phrase(status));
  if (status == 503) response.headers.add("Retry-After", "1");
  return response;
}

}  // namespace berth::http
