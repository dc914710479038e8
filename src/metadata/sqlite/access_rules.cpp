// Access rules: a list in order. Others move aside, which is dear for the last of many; rules are changed by hand.
#include <utility>

#include "metadata/sqlite/read_page.h"
#include "metadata/sqlite/sqlite_account_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::Connection;
using sqlite::Query;
using sqlite::Statement;

namespace {

std::size_t rule_count(Connection& connection) {
  Query query = connection.query(Statement::find_last_rule);
  return query.step() ? query.count(0) : 0;
}

std::optional<std::size_t> position_of(Connection& connection, const std::string& id) {
  Query query = connection.query(Statement::find_rule, id);
  if (!query.step()) return std::nullopt;
  return query.count(0);
}

RuleRecord read_rule(const Query& query) {
  return {.id = query.text(0),
          .position = query.count(1),
          .rule = query.text(2),
          .note = query.text(3),
          .created = query.time(4),
          .created_by = query.text(5)};
}

}  // namespace

Task<bool> SqliteAccountStore::add_rule(RuleRecord rule) {
  return write([rule = std::move(rule)](Connection& connection) {
    if (position_of(connection, rule.id)) return false;
    const std::size_t count = rule_count(connection);
    const bool is_last = rule.position == 0 || rule.position > count;
    const std::size_t position = is_last ? count + 1 : rule.position;
    if (!is_last) connection.change(Statement::move_rules_back, position);
    connection.change(Statement::create_rule, rule.id, position, rule.rule, rule.note, rule.created, rule.created_by);
    return true;
  });
}

Task<bool> SqliteAccountStore::remove_rule(std::string id) {
  return write([id = std::move(id)](Connection& connection) {
    const std::optional<std::size_t> position = position_of(connection, id);
    if (!position) return false;
    connection.change(Statement::delete_rule, id);
    connection.change(Statement::move_rules_up, *position);
    return true;
  });
}

Task<Page<RuleRecord>> SqliteAccountStore::list_rules(std::size_t after, std::size_t limit) {
  return read([after, limit](Connection& connection) {
    return sqlite::read_page<RuleRecord>(connection.query(Statement::list_rules, after, sqlite::limit_and_one(limit)),
                                         limit, read_rule);
  });
}

}  // namespace berth
