#include "metadata/sqlite/link_triggers.h"

#include <fmt/format.h>

#include <array>
#include <string>
#include <string_view>

namespace berth::sqlite {
namespace {

struct Trigger {
  std::string_view name;
  std::string_view event;       ///< "INSERT ON tag"
  std::string_view condition;   ///< in addition; empty: none
  std::string_view kind;        ///< QueuedKind
  std::string_view repository;  ///< an expression for its name
  std::string_view item;
};

constexpr std::string_view kNewHome = "(SELECT name FROM repository WHERE id = NEW.repository)";
constexpr std::string_view kOldHome = "(SELECT name FROM repository WHERE id = OLD.repository)";

// A row that is changed in place: a tag that moves, a repository that gets another name. Promises are no links.
constexpr std::array kTriggers{
    Trigger{"links_of_new_manifest", "INSERT ON manifest", "", "1", kNewHome, "NEW.digest"},
    Trigger{"links_of_old_manifest", "DELETE ON manifest", "", "1", kOldHome, "OLD.digest"},
    Trigger{"links_of_new_layer", "INSERT ON repository_blob", "", "2", kNewHome, "NEW.digest"},
    Trigger{"links_of_old_layer", "DELETE ON repository_blob", "", "2", kOldHome, "OLD.digest"},
    Trigger{"links_of_new_tag", "INSERT ON tag", "", "3", kNewHome, "NEW.name"},
    Trigger{"links_of_moved_tag", "UPDATE OF manifest ON tag", "", "3", kNewHome, "NEW.name"},
    Trigger{"links_of_old_tag", "DELETE ON tag", "", "3", kOldHome, "OLD.name"},
    Trigger{"links_of_old_name", "UPDATE OF name ON repository", "", "4", "OLD.name", "''"},
    Trigger{"links_of_new_name", "UPDATE OF name ON repository", "", "4", "NEW.name", "''"},
    Trigger{"links_of_old_repository", "UPDATE OF is_deleted ON repository", "NEW.is_deleted = 1 AND", "4", "NEW.name",
            "''"},
};

}  // namespace

bool has_link_triggers(Connection& connection) {
  return !connection.read_values("SELECT 1 FROM temp.sqlite_schema WHERE name = 'link_pause'").empty();
}

void install_link_triggers(Connection& connection) {
  if (has_link_triggers(connection)) return;
  connection.execute("CREATE TEMP TABLE link_pause (is_on INTEGER)");
  for (const Trigger& trigger : kTriggers) {
    // Two statements instead of OR REPLACE, which would follow the conflict clause of what fires the trigger.
    connection.execute(
        fmt::format("CREATE TEMP TRIGGER {} AFTER {} WHEN {} NOT EXISTS (SELECT 1 FROM link_pause) BEGIN"
                    " DELETE FROM link_queue WHERE repository = {} AND kind = {} AND item = {};"
                    " INSERT INTO link_queue (kind, repository, item) VALUES ({}, {}, {}); END",
                    trigger.name, trigger.event, trigger.condition, trigger.repository, trigger.kind, trigger.item,
                    trigger.kind, trigger.repository, trigger.item));
  }
}

void remove_link_triggers(Connection& connection) {
  if (!has_link_triggers(connection)) return;
  for (const Trigger& trigger : kTriggers) connection.execute(fmt::format("DROP TRIGGER temp.{}", trigger.name));
  connection.execute("DROP TABLE temp.link_pause");
}

LinkPause::LinkPause(Connection& connection) : connection_(connection), is_needed_(has_link_triggers(connection)) {
  if (is_needed_) connection_.execute("INSERT INTO temp.link_pause (is_on) VALUES (1)");
}

LinkPause::~LinkPause() {
  if (!is_needed_) return;
  try {
    connection_.execute("DELETE FROM temp.link_pause");
  } catch (const Failure&) {
    // SQLite takes back a transaction whole on some errors, and the pause with it; what is left is taken back with the
    // request, whose failure this is.
  }
}

}  // namespace berth::sqlite
