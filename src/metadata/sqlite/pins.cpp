// Pins.
#include <utility>

#include "metadata/sqlite/manifest_rows.h"
#include "metadata/sqlite/row_place.h"
#include "metadata/sqlite/sqlite_pin_store.h"
#include "metadata/sqlite/transactions.h"

namespace berth {

using sqlite::BorrowedBytes;
using sqlite::Connection;
using sqlite::Query;
using sqlite::RepositoryId;
using sqlite::RowPlace;
using sqlite::Statement;

namespace {

PinPage list_in(Connection& connection, const RowPlace& from, std::size_t limit) {
  const std::int64_t rows = sqlite::limit_and_one(limit);
  Query query = from.digest ? connection.query(Statement::list_pins, from.repository, *from.digest, rows)
                            : connection.query(Statement::list_pins, from.repository, BorrowedBytes{}, rows);
  PinPage page;
  std::string last;
  while (query.step()) {
    if (page.entries.size() == limit) {
      page.next = last;
      break;
    }
    const Pin& pin = page.entries.emplace_back(Pin{.repository = sqlite::stored_repository_name(query.bytes(2)),
                                                   .digest = query.digest(1),
                                                   .since = query.time(3),
                                                   .who = query.text(4),
                                                   .why = query.text(5)});
    last = sqlite::to_text(query.integer(0), pin.digest);
  }
  return page;
}

}  // namespace

Task<bool> SqlitePinStore::put_pin(Pin pin) {
  return writer_.run(0, [pin = std::move(pin)](Connection& connection) {
    const std::optional<RepositoryId> home = sqlite::find_repository(connection, pin.repository);
    if (!home || !sqlite::find_manifest_id(connection, *home, pin.digest)) return false;
    connection.change(Statement::put_pin, *home, pin.digest, pin.since, pin.who, pin.why);
    return true;
  });
}

Task<bool> SqlitePinStore::delete_pin(RepositoryName repository, Digest digest, WallTime review_due) {
  return writer_.run(0, [repository = std::move(repository), digest, review_due](Connection& connection) {
    const std::optional<RepositoryId> home = sqlite::find_repository(connection, repository);
    if (!home || connection.change(Statement::delete_pin, *home, digest) == 0) return false;
    sqlite::put_review(connection, ReviewKind::manifest, *home, digest, review_due);
    return true;
  });
}

Task<PinPage> SqlitePinStore::list_pins(std::string from, std::size_t limit) {
  return readers_.run(
      [from = sqlite::place_at(from), limit](Connection& connection) { return list_in(connection, from, limit); });
}

}  // namespace berth
