// Schema 2: who may do what. Never change a migration that was released: add the next one.
#pragma once

namespace berth::sqlite {

// Users, groups and robots are few beside content and are always asked for by their whole name, so names are the keys,
// and a member's row says all there is to say. Secrets of robots and tokens are digests of 256 random bits: a unique
// index finds whose a secret is. Lists of rights are lines of one text: they are always read whole.
inline constexpr char kMigration0002[] = R"sql(
CREATE TABLE account (
  name TEXT NOT NULL PRIMARY KEY,
  secret_hash TEXT NOT NULL, -- crypt(3)'s form; empty: no password
  state INTEGER NOT NULL,    -- UserState
  created INTEGER NOT NULL,
  last_login INTEGER
) WITHOUT ROWID;

CREATE TABLE account_group (
  name TEXT NOT NULL PRIMARY KEY,
  note TEXT NOT NULL,
  created INTEGER NOT NULL
) WITHOUT ROWID;

CREATE TABLE group_member (
  group_name TEXT NOT NULL,
  account TEXT NOT NULL,
  PRIMARY KEY (group_name, account)
) WITHOUT ROWID;
CREATE INDEX group_member_by_account ON group_member (account, group_name);

CREATE TABLE robot (
  name TEXT NOT NULL PRIMARY KEY,
  note TEXT NOT NULL,
  secret BLOB NOT NULL,
  rights TEXT NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL,
  expires INTEGER,
  last_used INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX robot_by_secret ON robot (secret);

CREATE TABLE access_token (
  id TEXT NOT NULL PRIMARY KEY,
  account TEXT NOT NULL,
  note TEXT NOT NULL,
  secret BLOB NOT NULL,
  rights TEXT NOT NULL,
  created INTEGER NOT NULL,
  expires INTEGER,
  last_used INTEGER
) WITHOUT ROWID;
CREATE UNIQUE INDEX access_token_by_secret ON access_token (secret);
CREATE INDEX access_token_by_account ON access_token (account, id);

CREATE TABLE access_rule (
  id TEXT NOT NULL PRIMARY KEY,
  position INTEGER NOT NULL, -- 1, 2, ... without gaps; not unique while others move aside
  rule TEXT NOT NULL,
  note TEXT NOT NULL,
  created INTEGER NOT NULL,
  created_by TEXT NOT NULL
) WITHOUT ROWID;
CREATE INDEX access_rule_by_position ON access_rule (position);
)sql";

}  // namespace berth::sqlite
