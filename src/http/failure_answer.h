// The answers that a connection gives by itself: to refused heads, and to what a handler threw.
#pragma once

#include <exception>
#include <optional>
#include <string_view>

#include "http/response.h"
#include "observe/log.h"

namespace berth::http {

enum class BodyPace { fine, too_slow };

/// `reason` as one line of plain text.
Response text_answer(unsigned status, std::string_view reason);

/// Nothing if the client went away. What is our fault leaves a line in the log and its details there.
std::optional<Response> answer_to_failure(Log& log, const Request& request, const std::exception_ptr& error,
                                          BodyPace pace);

}  // namespace berth::http
