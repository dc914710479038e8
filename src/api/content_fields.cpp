#include "api/content_fields.h"

#include <utility>

#include "http/entity_tag.h"

namespace berth {

http::Response not_modified(const Digest& digest, std::string_view cache) {
  http::Response response = http::Response::empty(304);
  const std::string text = digest.to_string();
  response.headers.add("ETag", http::quoted_tag(text));
  response.headers.add(std::string(kDigestField), text);
  if (!cache.empty()) response.headers.add("Cache-Control", std::string(cache));
  return response;
}

http::Response created(std::string location, const Digest& digest) {
  http::Response response = http::Response::empty(201);
  response.headers.add("Location", std::move(location));
  response.headers.add(std::string(kDigestField), digest.to_string());
  return response;
}

}  // namespace berth
