// Users and groups.
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

UserRecord read_user(const Query& query) {
  return {.name = sqlite::stored_account_name(query.bytes(0)),
          .secret_hash = query.text(1),
          .state = static_cast<UserState>(query.integer(2)),
          .created = query.time(3),
          .last_login = query.optional_time(4)};
}

GroupRecord read_group(const Query& query) {
  return {.name = sqlite::stored_account_name(query.bytes(0)), .note = query.text(1), .created = query.time(2)};
}

bool user_exists(Connection& connection, const AccountName& name) {
  return connection.query(Statement::find_user, name.text()).step();
}

bool group_exists(Connection& connection, const AccountName& name) {
  return connection.query(Statement::find_group, name.text()).step();
}

}  // namespace

std::optional<UserAccount> sqlite::find_user_account(Connection& connection, const AccountName& name) {
  Query user = connection.query(Statement::find_user, name.text());
  if (!user.step()) return std::nullopt;
  UserAccount account{.user = read_user(user), .groups = {}};
  Query groups = connection.query(Statement::list_groups_of_user, name.text());
  while (groups.step()) account.groups.push_back(stored_account_name(groups.bytes(0)));
  return account;
}

Task<bool> SqliteAccountStore::create_user(UserRecord user) {
  return write([user = std::move(user)](Connection& connection) {
    return connection.change(Statement::create_user, user.name.text(), user.secret_hash, user.state, user.created,
                             user.last_login) == 1;
  });
}

Task<std::optional<UserAccount>> SqliteAccountStore::find_user(AccountName name) {
  return read([name = std::move(name)](Connection& connection) { return sqlite::find_user_account(connection, name); });
}

Task<Page<UserRecord>> SqliteAccountStore::list_users(std::optional<std::string> after, std::size_t limit) {
  return read([after = std::move(after).value_or(""), limit](Connection& connection) {
    return sqlite::read_page<UserRecord>(connection.query(Statement::list_users, after, sqlite::limit_and_one(limit)),
                                         limit, read_user);
  });
}

Task<bool> SqliteAccountStore::set_user_secret(AccountName name, std::string secret_hash) {
  return write([name = std::move(name), secret_hash = std::move(secret_hash)](Connection& connection) {
    return connection.change(Statement::set_user_secret, name.text(), secret_hash) == 1;
  });
}

Task<bool> SqliteAccountStore::set_user_state(AccountName name, UserState state) {
  return write([name = std::move(name), state](Connection& connection) {
    return connection.change(Statement::set_user_state, name.text(), state) == 1;
  });
}

Task<bool> SqliteAccountStore::remove_user(AccountName name) {
  return write([name = std::move(name)](Connection& connection) {
    connection.change(Statement::delete_memberships_of_user, name.text());
    connection.change(Statement::delete_tokens_of_user, name.text());
    return connection.change(Statement::delete_user, name.text()) == 1;
  });
}

Task<> SqliteAccountStore::record_login(AccountName name, WallTime now) {
  return write([name = std::move(name), now](Connection& connection) {
    connection.change(Statement::record_login, name.text(), now, now - kUseResolution);
  });
}

Task<bool> SqliteAccountStore::create_group(GroupRecord group) {
  return write([group = std::move(group)](Connection& connection) {
    return connection.change(Statement::create_group, group.name.text(), group.note, group.created) == 1;
  });
}

Task<std::optional<GroupRecord>> SqliteAccountStore::find_group(AccountName name) {
  return read([name = std::move(name)](Connection& connection) -> std::optional<GroupRecord> {
    Query query = connection.query(Statement::find_group, name.text());
    if (!query.step()) return std::nullopt;
    return read_group(query);
  });
}

Task<Page<GroupRecord>> SqliteAccountStore::list_groups(std::optional<std::string> after, std::size_t limit) {
  return read([after = std::move(after).value_or(""), limit](Connection& connection) {
    return sqlite::read_page<GroupRecord>(connection.query(Statement::list_groups, after, sqlite::limit_and_one(limit)),
                                          limit, read_group);
  });
}

Task<bool> SqliteAccountStore::remove_group(AccountName name) {
  return write([name = std::move(name)](Connection& connection) {
    connection.change(Statement::delete_members, name.text());
    return connection.change(Statement::delete_group, name.text()) == 1;
  });
}

Task<AddMemberOutcome> SqliteAccountStore::add_member(AccountName group, AccountName user) {
  return write([group = std::move(group), user = std::move(user)](Connection& connection) {
    if (!group_exists(connection, group)) return AddMemberOutcome::unknown_group;
    if (!user_exists(connection, user)) return AddMemberOutcome::unknown_user;
    const bool was_added = connection.change(Statement::add_member, group.text(), user.text()) == 1;
    return was_added ? AddMemberOutcome::added : AddMemberOutcome::was_member;
  });
}

Task<bool> SqliteAccountStore::remove_member(AccountName group, AccountName user) {
  return write([group = std::move(group), user = std::move(user)](Connection& connection) {
    return connection.change(Statement::delete_member, group.text(), user.text()) == 1;
  });
}

Task<Page<AccountName>> SqliteAccountStore::list_members(AccountName group, std::optional<std::string> after,
                                                         std::size_t limit) {
  return read([group = std::move(group), after = std::move(after).value_or(""), limit](Connection& connection) {
    return sqlite::read_page<AccountName>(
        connection.query(Statement::list_members, group.text(), after, sqlite::limit_and_one(limit)), limit,
        [](const Query& query) { return sqlite::stored_account_name(query.bytes(0)); });
  });
}

}  // namespace berth
