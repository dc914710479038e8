#include "api/health_response.h"

#include <utility>

#include "api/json_text.h"

namespace berth {

http::Response live_response() {
  http::Response response = http::Response::text(200, "text/plain; charset=utf-8", "ok\n");
  response.headers.add("Cache-Control", "no-store");
  return response;
}

http::Response health_response(const Health& health) {
  const auto problems = health.problems();
  std::string body = "{";
  for (const auto& texts : {problems, health.notes()}) {
    for (const auto& [about, text] : texts) {
      if (body.size() > 1) body += ',';
      append_json_string(body, about);
      body += ':';
      append_json_string(body, text);
    }
  }
  body += '}';
  http::Response response = http::Response::text(problems.empty() ? 200 : 503, "application/json", std::move(body));
  response.headers.add("Cache-Control", "no-store");
  return response;
}

}  // namespace berth
