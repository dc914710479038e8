#include "http/response_head.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <iterator>

namespace berth::http {
namespace {

bool is_token(std::string_view text) {
  const auto is_token_char = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
  };
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}

bool is_field_value(std::string_view text) {
  return std::ranges::none_of(text, [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte < 0x20 && c != '\t') || byte == 0x7F;
  });
}

void append_field(std::string& out, std::string_view name, std::string_view value) {
  out += name;
  out += ": ";
  out += value;
  out += "\r\n";
}

void append_length(std::string& out, std::uint64_t length) {
  fmt::format_to(std::back_inserter(out), "Content-Length: {}\r\n", length);
}

bool append_status_and_fields(std::string& out, const Response& response) {
  if (!is_valid_head(response)) return false;
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status, reason_phrase(response.status));
  for (const auto& [name, value] : response.headers) {
    if (!is_field_of_connection(name)) append_field(out, name, value);
  }
  return true;
}

}  // namespace

std::string_view reason_phrase(unsigned status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 421:
      return "Misdirected Request";
    case 422:
      return "Unprocessable Content";
    case 423:
      return "Locked";
    case 428:
      return "Precondition Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";
  }
}

bool may_have_body(unsigned status) {
  return status >= 200 && status != 204 && status != 304;
}

bool is_field_of_connection(std::string_view name) {
  constexpr std::array<std::string_view, 5> kOurs = {"Connection", "Content-Length", "Transfer-Encoding", "Date",
                                                     "X-Request-Id"};
  return std::ranges::any_of(kOurs, [name](std::string_view ours) { return equals_ignoring_case(ours, name); });
}

bool is_valid_head(const Response& response) {
  if (response.status < 200 || response.status > 599) return false;
  return std::ranges::all_of(response.headers,
                             [](const auto& field) { return is_token(field.first) && is_field_value(field.second); });
}

bool append_response_head(std::string& out, const Response& response, const Framing& framing) {
  if (!append_status_and_fields(out, response)) return false;
  if (framing.content_length) append_length(out, *framing.content_length);
  if (framing.is_chunked) append_field(out, "Transfer-Encoding", "chunked");
  if (framing.is_last) {
    append_field(out, "Connection", "close");
  } else if (framing.names_keep_alive) {
    append_field(out, "Connection", "keep-alive");
  }
  append_field(out, "Date", framing.date);
  append_field(out, "X-Request-Id", framing.request_id);
  out += "\r\n";
  return true;
}

std::optional<PreparedAnswer> prepare_answer(const Response& response) {
  const auto* pieces = std::get_if<BodyPieces>(&response.body);
  if (pieces == nullptr || pieces->size() > 1 || !may_have_body(response.status)) return std::nullopt;
  PreparedAnswer prepared;
  prepared.status = response.status;
  if (!pieces->empty()) prepared.body = pieces->front();
  const std::uint64_t length = response.head_length.value_or(prepared.body.size());
  if (!append_status_and_fields(prepared.http1_head, response)) return std::nullopt;
  append_length(prepared.http1_head, length);
  if (prepared.http1_head.size() > kPreparedHeadLimit) return std::nullopt;
  for (const auto& [name, value] : response.headers) {
    if (!is_field_of_connection(name)) prepared.fields.add(name, value);
  }
  prepared.fields.add("Content-Length", fmt::format("{}", length));
  return prepared;
}

}  // namespace berth::http
