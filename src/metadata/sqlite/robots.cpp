// Robots and personal access tokens: callers that are known by a random secret.
#include <utility>

#include "metadata/sqlite/account_rows.h"
#include "metadata/sqlite/read_page.h"
#include "metadata/sqlite/sqlite_account_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;

namespace {

RobotRecord read_robot(const Query& query) {
  return {.name = sqlite::stored_account_name(query.bytes(0)),
          .note = query.text(1),
          .secret = query.digest(2),
          .rights = sqlite::rights_from_text(query.bytes(3)),
          .created = query.time(4),
          .created_by = query.text(5),
          .expires = query.optional_time(6),
          .last_used = query.optional_time(7)};
}

TokenRecord read_token(const Query& query) {
  return {.id = query.text(0),
          .user = sqlite::stored_account_name(query.bytes(1)),
          .note = query.text(2),
          .secret = query.digest(3),
          .rights = sqlite::rights_from_text(query.bytes(4)),
          .created = query.time(5),
          .expires = query.optional_time(6),
          .last_used = query.optional_time(7)};
}

}  // namespace

std::string sqlite::text_from_rights(const std::vector<std::string>& rights) {
  std::string text;
  for (const std::string& right : rights) {
    text += right;
    text += '\n';
  }
  return text;
}

std::vector<std::string> sqlite::rights_from_text(std::string_view text) {
  std::vector<std::string> rights;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    rights.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return rights;
}

Task<bool> SqliteAccountStore::create_robot(RobotRecord robot) {
  return write([robot = std::move(robot)](Connection& connection) {
    return connection.change(Statement::create_robot, robot.name.text(), robot.note, robot.secret,
                             sqlite::text_from_rights(robot.rights), robot.created, robot.created_by, robot.expires,
                             robot.last_used) == 1;
  });
}

Task<std::optional<RobotRecord>> SqliteAccountStore::find_robot(AccountName name) {
  return read([name = std::move(name)](Connection& connection) -> std::optional<RobotRecord> {
    Query query = connection.query(Statement::find_robot, name.text());
    if (!query.step()) return std::nullopt;
    return read_robot(query);
  });
}

Task<std::optional<RobotRecord>> SqliteAccountStore::find_robot_by_secret(Digest secret) {
  return read([secret](Connection& connection) -> std::optional<RobotRecord> {
    Query query = connection.query(Statement::find_robot_by_secret, secret);
    if (!query.step()) return std::nullopt;
    return read_robot(query);
  });
}

Task<Page<RobotRecord>> SqliteAccountStore::list_robots(std::optional<std::string> after, std::size_t limit) {
  return read([after = std::move(after).value_or(""), limit](Connection& connection) {
    return sqlite::read_page<RobotRecord>(connection.query(Statement::list_robots, after, sqlite::limit_and_one(limit)),
                                          limit, read_robot);
  });
}

Task<bool> SqliteAccountStore::rotate_robot(AccountName name, Digest secret, std::optional<WallTime> expires) {
  return write([name = std::move(name), secret, expires](Connection& connection) {
    return connection.change(Statement::rotate_robot, name.text(), secret, expires) == 1;
  });
}

Task<bool> SqliteAccountStore::remove_robot(AccountName name) {
  return write([name = std::move(name)](Connection& connection) {
    return connection.change(Statement::delete_robot, name.text()) == 1;
  });
}

Task<> SqliteAccountStore::record_robot_use(AccountName name, WallTime now) {
  return write([name = std::move(name), now](Connection& connection) {
    connection.change(Statement::record_robot_use, name.text(), now, now - kUseResolution);
  });
}

Task<CreateTokenOutcome> SqliteAccountStore::create_token(TokenRecord token) {
  return write([token = std::move(token)](Connection& connection) {
    if (!connection.query(Statement::find_user, token.user.text()).step()) return CreateTokenOutcome::unknown_user;
    const bool was_created =
        connection.change(Statement::create_token, token.id, token.user.text(), token.note, token.secret,
                          sqlite::text_from_rights(token.rights), token.created, token.expires, token.last_used) == 1;
    return was_created ? CreateTokenOutcome::created : CreateTokenOutcome::taken;
  });
}

Task<std::optional<TokenAccount>> SqliteAccountStore::find_token_by_secret(Digest secret) {
  return read([secret](Connection& connection) -> std::optional<TokenAccount> {
    Query query = connection.query(Statement::find_token_by_secret, secret);
    if (!query.step()) return std::nullopt;
    TokenRecord token = read_token(query);
    std::optional<UserAccount> account = sqlite::find_user_account(connection, token.user);
    // A token goes with its user; one without is the work of somebody else's hand.
    if (!account) return std::nullopt;
    return TokenAccount{.token = std::move(token), .account = *std::move(account)};
  });
}

Task<Page<TokenRecord>> SqliteAccountStore::list_tokens(AccountName user, std::optional<std::string> after,
                                                        std::size_t limit) {
  return read([user = std::move(user), after = std::move(after).value_or(""), limit](Connection& connection) {
    return sqlite::read_page<TokenRecord>(
        connection.query(Statement::list_tokens, user.text(), after, sqlite::limit_and_one(limit)), limit, read_token);
  });
}

Task<bool> SqliteAccountStore::remove_token(AccountName user, std::string id) {
  return write([user = std::move(user), id = std::move(id)](Connection& connection) {
    return connection.change(Statement::delete_token, id, user.text()) == 1;
  });
}

Task<> SqliteAccountStore::record_token_use(std::string id, WallTime now) {
  return write([id = std::move(id), now](Connection& connection) {
    connection.change(Statement::record_token_use, id, now, now - kUseResolution);
  });
}

}  // namespace berth
