#include "http/response.h"

#include <utility>

namespace berth::http {

Response Response::text(unsigned status, std::string content_type, std::string body) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", std::move(content_type));
  response.body = BodyPieces{ByteSource(SharedBytes(std::move(body)))};
  return response;
}

Response Response::empty(unsigned status) {
  Response response;
  response.status = status;
  return response;
}

}  // namespace berth::http
