// The admin API over the whole pipeline: who may, what is answered, and that its description is true.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <set>

#include "api/admin/local_admin.h"
#include "api/admin/openapi.h"
#include "api/routes.h"
#include "auth/account_authenticator.h"
#include "auth/accounts.h"
#include "content/base64.h"
#include "metadata/memory/memory_account_store.h"
#include "tests/support/api_in_memory.h"

namespace berth {
namespace {

using boost::json::array;
using boost::json::object;
using testing::HasSubstr;
using testing::StartsWith;

constexpr SecretCost kCheap{.yescrypt = 1};

/// The account store behind the API, with an administrator and a user.
class AdminApi : public testing::Test {
 protected:
  AdminApi() {
    run_task(accounts_.add_user(name("root"), Password{"root password"}, "test")).value();
    run_task(accounts_.add_user(name("alice"), Password{"alice password"}, "test")).value();
    run_task(accounts_.add_rule({.text = "allow admin to user:root"}, "test")).value();
  }

  static AccountName name(std::string_view text) { return AccountName::parse(text).value(); }

  ClientAnswer send(const std::string& who, const std::string& method, const std::string& path,
                    const std::string& body = {}) {
    const std::string field =
        who.starts_with("berth_") ? "Bearer " + who : "Basic " + to_base64(std::as_bytes(std::span(who)));
    ClientRequest request{.body = body};
    if (who.empty()) {
      request.headers = {{"Content-Type", "application/json"}};
      return api_.client.send(method, "/api/v1" + path, request);
    }
    request.headers = {{"Content-Type", "application/json"}, {"Authorization", field.c_str()}};
    return api_.client.send(method, "/api/v1" + path, request);
  }
  /// As the administrator; the answer's object.
  object ask(const std::string& method, const std::string& path, const std::string& body = {}, unsigned status = 200) {
    const ClientAnswer answer = send(kRoot, method, path, body);
    EXPECT_EQ(answer.status, status) << method << " " << path << "\n" << answer.body;
    return answer.body.empty() ? object() : boost::json::parse(answer.body).as_object();
  }
  /// What a refusal says.
  static std::string words(const ClientAnswer& answer) { return std::to_string(answer.status) + " " + answer.body; }

  const std::string kRoot = "root:root password";
  const std::string kAlice = "alice:alice password";

  ManualClock clock_;
  SystemEntropy entropy_;
  Metrics metrics_;
  std::unique_ptr<Log> log_ = make_log({.level = LogLevel::error});
  BlockingPool pool_{"passwords", 2, 100};
  MemoryAccountStore store_;
  PolicyLoader policy_{store_, {}, [this](std::shared_ptr<const AccessPolicy> policy) {
                         if (access_ != nullptr) access_->set_policy(std::move(policy));
                       }};
  Accounts accounts_{store_, policy_, pool_, clock_, entropy_, *log_, {.cost = kCheap}};
  AccountAuthenticator authenticator_{store_, pool_, kCheap, clock_, *log_, metrics_};
  AdminParts parts_{.accounts = accounts_};
  ApiInMemory api_{policy_with_deletes(), {}, {&authenticator_}, {.admin = &parts_}};
  AccessControl* access_ = &api_.access;
};

}  // namespace

TEST_F(AdminApi, IsForAdministrators) {
  EXPECT_EQ(send("", "GET", "/users").status, 401U);
  EXPECT_EQ(send(kAlice, "GET", "/users").status, 403U);
  EXPECT_EQ(send("root:wrong password", "GET", "/users").status, 401U);
  EXPECT_EQ(send(kRoot, "GET", "/users").status, 200U);
  EXPECT_EQ(send(kAlice, "POST", "/rules", R"({"rule":"allow admin to user:alice"})").status, 403U);
}

TEST_F(AdminApi, NobodyIsAnAdministratorWithoutAuth) {
  ApiInMemory open{policy_with_deletes(), {}, {}, {.admin = &parts_}};
  for (const char* path : {"/api/v1/users", "/api/v1/users/alice", "/api/v1/users/alice/tokens", "/api/v1/rules"}) {
    const ClientAnswer answer = open.client.get(path);
    EXPECT_EQ(answer.status, 403U) << path << answer.body;
  }
  EXPECT_EQ(open.client.post("/api/v1/users/alice/tokens").status, 403U);
  EXPECT_THAT(open.client.get("/api/v1/whoami").body, HasSubstr(R"("admin":false)"));
}

TEST_F(AdminApi, IsNotThereUnlessItIsGiven) {
  ApiInMemory without;
  EXPECT_EQ(without.client.get("/api/v1/whoami").status, 404U);
}

TEST_F(AdminApi, UsersComeAndGo) {
  const object bob = ask("POST", "/users", R"({"name":"bob","password":"bob's password"})", 201);
  EXPECT_EQ(bob.at("name"), "bob");
  EXPECT_EQ(bob.at("disabled"), false);
  EXPECT_EQ(bob.at("has_password"), true);
  EXPECT_EQ(bob.at("last_login"), nullptr);
  EXPECT_EQ(bob.at("created"), "2023-11-14T22:13:20Z");
  EXPECT_FALSE(bob.contains("secret_hash"));
  EXPECT_EQ(send("bob:bob's password", "GET", "/whoami").status, 200U);
  EXPECT_EQ(ask("PATCH", "/users/bob", R"({"disabled":true})").at("disabled"), true);
  EXPECT_EQ(ask("PATCH", "/users/bob", R"({"disabled":false,"password":"another one"})").at("disabled"), false);
  EXPECT_EQ(ask("PATCH", "/users/bob", R"({"no_password":true})").at("has_password"), false);
  EXPECT_EQ(ask("GET", "/users").at("users").as_array().size(), 3U);
  ask("DELETE", "/users/bob", "", 204);
  EXPECT_THAT(words(send(kRoot, "GET", "/users/bob")), StartsWith("404"));
  EXPECT_THAT(words(send(kRoot, "POST", "/users", R"({"name":"alice"})")), StartsWith("409"));
}

TEST_F(AdminApi, RefusalsNameTheField) {
  const auto refusal = [this](const std::string& path, const std::string& body) {
    return words(send(kRoot, "POST", path, body));
  };
  EXPECT_THAT(refusal("/users", ""), HasSubstr("name: is missing"));
  EXPECT_THAT(refusal("/users", "[]"), HasSubstr("body: is not an object"));
  EXPECT_THAT(refusal("/users", "{"), HasSubstr("body: "));
  EXPECT_THAT(refusal("/users", R"({"name":7})"), HasSubstr("name: is not a string"));
  EXPECT_THAT(refusal("/users", R"({"name":"a b"})"), HasSubstr("name: "));
  EXPECT_THAT(refusal("/users", R"({"name":"bob","name":"eve"})"), HasSubstr("name: appears twice"));
  EXPECT_THAT(refusal("/users", R"({"name":"bob","admin":true})"), HasSubstr("admin: is not a field"));
  EXPECT_THAT(refusal("/users", R"({"name":"bob","password":"short"})"), HasSubstr("password: has 5 bytes"));
  EXPECT_THAT(refusal("/users", R"({"name":"bob","password":"long enough","no_password":true})"),
              HasSubstr("password: only one"));
  EXPECT_THAT(refusal("/users", R"({"name":"bob","password_hash":"x"})"), HasSubstr("password_hash: "));
  EXPECT_THAT(refusal("/robots", R"({"name":"ci","can":"pull:**"})"), HasSubstr("can: is not a list"));
  EXPECT_THAT(refusal("/robots", R"({"name":"ci","can":[7]})"), HasSubstr("can[0]: is not a string"));
  EXPECT_THAT(refusal("/robots", R"({"name":"ci","can":["pull:**","read:x"]})"), HasSubstr("can[1]: "));
  EXPECT_THAT(refusal("/robots", R"({"name":"ci"})"), HasSubstr("can: "));
  EXPECT_THAT(refusal("/robots", R"({"name":"ci","can":["pull:**"],"expires":"soon"})"), HasSubstr("expires: "));
  EXPECT_THAT(refusal("/robots", R"({"name":"ci","can":["pull:**"],"expires":"2001-01-01T00:00:00Z"})"),
              HasSubstr("is over"));
  EXPECT_THAT(refusal("/rules", R"({"rule":"allow everything"})"), HasSubstr("rule: "));
  EXPECT_THAT(refusal("/rules", R"({"rule":"allow pull to anonymous","position":-1})"), HasSubstr("position: "));
  EXPECT_THAT(words(send(kRoot, "GET", "/explain?who=alice&action=read")), HasSubstr("action: "));
  EXPECT_THAT(words(send(kRoot, "GET", "/explain?who=alice&action=pull&repository=A")), HasSubstr("repository: "));
  EXPECT_THAT(words(send(kRoot, "GET", "/users?n=x")), HasSubstr("PAGINATION_NUMBER_INVALID"));
}

TEST_F(AdminApi, BodiesAreBoundedAndAreJson) {
  const ClientAnswer large = send(kRoot, "POST", "/users", R"({"name":")" + std::string(70'000, 'x') + R"("})");
  EXPECT_THAT(words(large), HasSubstr("more than 65536 bytes"));
  EXPECT_EQ(large.body_bytes_read, 0U) << "its length was announced";
  const std::string field = "Basic " + to_base64(std::as_bytes(std::span(kRoot)));
  EXPECT_THAT(words(api_.client.post("/api/v1/users",
                                     {.body = R"({"name":"bob"})",
                                      .headers = {{"Authorization", field.c_str()}, {"Content-Type", "text/plain"}}})),
              HasSubstr("Content-Type"))
      << "what a form of another site can send";
}

TEST_F(AdminApi, GroupsHaveMembers) {
  EXPECT_EQ(ask("POST", "/groups", R"({"name":"dev","note":"builds"})", 201).at("note"), "builds");
  ask("PUT", "/groups/dev/members/alice", "", 204);
  ask("PUT", "/groups/dev/members/alice", "", 204);
  EXPECT_THAT(words(send(kRoot, "PUT", "/groups/dev/members/nobody")), HasSubstr("no user nobody"));
  EXPECT_THAT(words(send(kRoot, "PUT", "/groups/none/members/alice")), HasSubstr("no group none"));
  EXPECT_EQ(ask("GET", "/groups/dev/members").at("members"), (array{"alice"}));
  EXPECT_EQ(ask("GET", "/users/alice").at("groups"), (array{"dev"}));
  ask("DELETE", "/groups/dev/members/alice", "", 204);
  EXPECT_THAT(words(send(kRoot, "DELETE", "/groups/dev/members/alice")), StartsWith("404"));
  EXPECT_EQ(ask("GET", "/groups").at("groups").as_array().size(), 1U);
  EXPECT_EQ(ask("GET", "/groups/dev").at("name"), "dev");
  ask("DELETE", "/groups/dev", "", 204);
  EXPECT_THAT(words(send(kRoot, "GET", "/groups/dev/members")), StartsWith("404"));
}

TEST_F(AdminApi, ARobotsSecretIsShownOnceAndOpens) {
  const object made =
      ask("POST", "/robots", R"({"name":"ci","can":["pull:team/**"],"expires":"90d","note":"builds"})", 201);
  const std::string secret(made.at("secret").as_string());
  EXPECT_EQ(made.at("login"), "robot$ci");
  EXPECT_EQ(made.at("expires"), "2024-02-12T22:13:20Z");
  EXPECT_EQ(made.at("created_by"), "root");
  EXPECT_FALSE(ask("GET", "/robots/ci").contains("secret"));
  EXPECT_EQ(boost::json::parse(send(secret, "GET", "/whoami").body).at("kind"), "robot");
  EXPECT_EQ(send("robot$ci:" + secret, "GET", "/users").status, 403U);
  const object rotated = ask("POST", "/robots/ci/rotate", R"({"expires":"never"})");
  EXPECT_EQ(rotated.at("expires"), nullptr);
  EXPECT_EQ(ask("POST", "/robots/ci/rotate", "").at("expires"), nullptr) << "stays as it was";
  ask("DELETE", "/robots/ci", "", 204);
  EXPECT_THAT(words(send(kRoot, "POST", "/robots/ci/rotate")), StartsWith("404"));
}

TEST_F(AdminApi, UsersLookAfterTheirOwnTokens) {
  const ClientAnswer answer = send(kAlice, "POST", "/users/alice/tokens", R"({"note":"laptop"})");
  ASSERT_EQ(answer.status, 201U) << answer.body;
  const object made = boost::json::parse(answer.body).as_object();
  const std::string secret(made.at("secret").as_string());
  const std::string id(made.at("id").as_string());
  EXPECT_EQ(boost::json::parse(send(secret, "GET", "/whoami").body).at("name"), "alice");
  EXPECT_THAT(send(kAlice, "GET", "/users/alice/tokens").body, HasSubstr(id));
  EXPECT_EQ(send(kAlice, "GET", "/users/alice").status, 200U);
  for (const char* path : {"/users/root/tokens", "/users/root", "/users/nobody/tokens"}) {
    EXPECT_EQ(send(kAlice, "GET", path).status, 403U) << path;
  }
  EXPECT_EQ(send(kAlice, "POST", "/users/root/tokens").status, 403U);
  EXPECT_EQ(send(secret, "POST", "/users/alice/tokens").status, 403U) << "a token makes no token that outlives it";
  EXPECT_EQ(send(secret, "DELETE", "/users/alice/tokens/" + id).status, 403U);
  EXPECT_EQ(ask("GET", "/users/alice/tokens").at("tokens").as_array().size(), 1U) << "an administrator sees them";
  EXPECT_EQ(send(kAlice, "DELETE", "/users/alice/tokens/" + id).status, 204U);
  EXPECT_EQ(send(kAlice, "DELETE", "/users/alice/tokens/" + id).status, 404U);
  ask("POST", "/users/alice/tokens", R"({"can":["pull:**"],"expires":"never"})", 201);
}

TEST_F(AdminApi, RulesComeIntoForceAndAreExplained) {
  EXPECT_EQ(ask("GET", "/explain?who=alice&action=pull&repository=team/app").at("allowed"), false);
  const object rule =
      ask("POST", "/rules", R"({"rule":"allow  pull to user:alice on team/**","position":1,"note":"why"})", 201);
  EXPECT_EQ(rule.at("rule"), "allow pull to user:alice on team/**");
  const object answer = ask("GET", "/explain?who=alice&action=pull&repository=team/app&tag=v1");
  EXPECT_EQ(answer.at("allowed"), true);
  EXPECT_EQ(answer.at("rule"), rule.at("rule"));
  EXPECT_EQ(answer.at("known"), true);
  EXPECT_EQ(ask("GET", "/explain?who=stranger&action=pull&repository=team/app").at("known"), false);
  EXPECT_EQ(ask("GET", "/explain?who=root&action=admin").at("allowed"), true);
  const object all = ask("GET", "/rules");
  ASSERT_EQ(all.at("rules").as_array().size(), 2U);
  EXPECT_EQ(all.at("rules").as_array()[0].at("id"), rule.at("id"));
  EXPECT_EQ(all.at("configured").as_array().size(), 0U);
  ask("DELETE", "/rules/" + std::string(rule.at("id").as_string()), "", 204);
  EXPECT_THAT(words(send(kRoot, "DELETE", "/rules/none")), StartsWith("404"));
}

TEST_F(AdminApi, ListsAreWalkedByKey) {
  for (int i = 0; i < 5; ++i) {
    ask("POST", "/users", R"({"name":"u)" + std::to_string(i) + R"("})", 201);
    ask("POST", "/rules", R"({"rule":"allow pull to user:u)" + std::to_string(i) + R"("})", 201);
  }
  for (const auto& [list, key] : {std::pair{"users", "name"}, std::pair{"rules", "id"}}) {
    std::set<std::string> seen;
    std::string path = std::string("/") + list + "?n=2";
    std::size_t pages = 0;
    while (!path.empty()) {
      const ClientAnswer answer = send(kRoot, "GET", path);
      ASSERT_EQ(answer.status, 200U) << answer.body;
      for (const auto& entry : boost::json::parse(answer.body).at(list).as_array()) {
        seen.insert(std::string(entry.at(key).as_string()));
      }
      const std::string link = answer["Link"];
      path = link.empty() ? "" : link.substr(link.find("/v1/") + 3, link.find('>') - link.find("/v1/") - 3);
      ++pages;
    }
    EXPECT_EQ(seen.size(), list == std::string("users") ? 7U : 6U);
    EXPECT_GE(pages, 3U);
  }
}

TEST_F(AdminApi, AnswersAreNotKept) {
  EXPECT_EQ(send(kRoot, "GET", "/users")["Cache-Control"], "no-store");
  EXPECT_EQ(send(kRoot, "HEAD", "/users").status, 200U);
  const ClientAnswer wrong = send(kRoot, "PUT", "/users");
  EXPECT_EQ(wrong.status, 405U);
  EXPECT_EQ(wrong["Allow"], "GET, HEAD, POST");
}

TEST_F(AdminApi, TheControlSocketIsAskedNoQuestions) {
  LocalAdmin local(parts_, *log_);
  ApiClient client([&local](http::Request& request) { return local.answer(request); });
  EXPECT_EQ(client.get("/api/v1/users").status, 200U);
  EXPECT_THAT(client.get("/api/v1/whoami").body, HasSubstr("operator"));
  EXPECT_EQ(client.post("/api/v1/users/alice/tokens").status, 201U);
  EXPECT_EQ(client.get("/api/v1/nonsense").status, 404U);
  EXPECT_EQ(client.get("/v2/").status, 404U) << "the registry is not behind it";
  EXPECT_EQ(client.put("/api/v1/users").status, 405U);
  EXPECT_THAT(words(client.post("/api/v1/users", {.body = "{", .headers = {{"Content-Type", "application/json"}}})),
              StartsWith("400"));
}

TEST(OpenApi, DescribesEveryRouteAndNoOther) {
  const object document = boost::json::parse(admin::openapi_document()).as_object();
  EXPECT_EQ(document.at("openapi"), "3.1.0");
  std::set<std::string> described;
  for (const auto& [path, item] : document.at("paths").as_object()) {
    for (const auto& [method, operation] : item.as_object()) {
      if (method == "parameters") continue;
      described.insert(std::string(method) + " /api/v1" + std::string(path));
      EXPECT_TRUE(operation.at("responses").as_object().contains("default")) << path;
      EXPECT_FALSE(operation.at("summary").as_string().empty()) << path;
    }
  }
  std::set<std::string> served;
  for (const Route& route : all_routes()) {
    if (!route.pattern.starts_with("/api/")) continue;
    for (const MethodRoute& method : route.methods) {
      std::string text(to_string(method.method));
      std::ranges::transform(text, text.begin(), [](char c) { return static_cast<char>(std::tolower(c)); });
      served.insert(text + " " + std::string(route.pattern));
      EXPECT_NE(method.admin, nullptr) << route.pattern;
    }
  }
  EXPECT_EQ(described, served);
}

TEST(OpenApi, NamesEveryParameterOfAPath) {
  const object document = boost::json::parse(admin::openapi_document()).as_object();
  for (const auto& [path, item] : document.at("paths").as_object()) {
    std::set<std::string> named;
    if (const auto* parameters = item.as_object().if_contains("parameters")) {
      for (const auto& each : parameters->as_array()) {
        const std::string reference(each.at("$ref").as_string());
        named.insert(reference.substr(reference.rfind('/') + 1));
      }
    }
    std::set<std::string> wanted;
    for (std::size_t at = path.find('{'); at != std::string_view::npos; at = path.find('{', at + 1)) {
      wanted.insert(std::string(path.substr(at + 1, path.find('}', at) - at - 1)));
    }
    EXPECT_EQ(named, wanted) << path;
  }
}

/// Every "$ref" leads somewhere.
void collect_references(const boost::json::value& value, std::set<std::string>& references) {
  if (const auto* list = value.if_array()) {
    for (const auto& each : *list) collect_references(each, references);
  } else if (const auto* members = value.if_object()) {
    for (const auto& [key, member] : *members) {
      if (key == "$ref") references.insert(std::string(member.as_string()));
      collect_references(member, references);
    }
  }
}

TEST(OpenApi, ItsReferencesLeadSomewhere) {
  const boost::json::value document = boost::json::parse(admin::openapi_document());
  std::set<std::string> references;
  collect_references(document, references);
  EXPECT_GT(references.size(), 20U);
  for (const std::string& reference : references) {
    EXPECT_NO_THROW(document.at_pointer(reference.substr(1))) << reference;
  }
}

}  // namespace berth
