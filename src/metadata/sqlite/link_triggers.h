// Link triggers: every change of what the link tree says queues its link in the same transaction, whatever statement
// makes it. They are the writer's own (TEMP), so that they are there while changes are to be queued and cost nothing
// otherwise.
#pragma once

#include "metadata/sqlite/connection.h"

namespace berth::sqlite {

/// Nothing if they are there.
void install_link_triggers(Connection& connection);
void remove_link_triggers(Connection& connection);
bool has_link_triggers(Connection& connection);

/// While it lives changes are not queued: the tree has them already. Inside one transaction.
class LinkPause {
 public:
  explicit LinkPause(Connection& connection);
  ~LinkPause();
  LinkPause(const LinkPause&) = delete;
  LinkPause& operator=(const LinkPause&) = delete;

 private:
  Connection& connection_;
  const bool is_needed_;
};

}  // namespace berth::sqlite
