// What the account store keeps, as plain values.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "content/digest.h"
#include "metadata/account_name.h"

namespace berth {

/// Values are stored: never renumber.
enum class UserState : std::uint8_t { active = 0, disabled = 1 };

struct UserRecord {
  AccountName name;
  std::string secret_hash;  ///< in crypt(3)'s form, with the method and its cost; empty: no password opens it
  UserState state = UserState::active;
  WallTime created;
  std::optional<WallTime> last_login;  ///< to the hour (kUseResolution)
};

struct GroupRecord {
  AccountName name;
  std::string note;
  WallTime created;
};

/// A caller that is no person: what it may do is its own, not somebody's.
struct RobotRecord {
  AccountName name;
  std::string note;
  Digest secret;                    ///< sha256 of the secret, which has 256 random bits
  std::vector<std::string> rights;  ///< as auth/ writes them: "pull,push:team/app/**"; no line breaks
  WallTime created;
  std::string created_by;
  std::optional<WallTime> expires;
  std::optional<WallTime> last_used;  ///< to the hour
};

/// A personal access token: stands for its user, with no more rights than that.
struct TokenRecord {
  std::string id;  ///< public, random, short: how people name it
  AccountName user;
  std::string note;
  Digest secret;
  std::vector<std::string> rights;  ///< narrows the user's; empty: all of them
  WallTime created;
  std::optional<WallTime> expires;
  std::optional<WallTime> last_used;
};

/// A rule of the access policy, in the order of its position. What it says is auth/'s business.
struct RuleRecord {
  std::string id;            ///< random, short
  std::size_t position = 0;  ///< 1, 2, ... without gaps
  std::string rule;          ///< as auth/ writes it
  std::string note;
  WallTime created;
  std::string created_by;
};

/// A user as access decisions need it, from one read.
struct UserAccount {
  UserRecord user;
  std::vector<AccountName> groups;  ///< in order
};

struct TokenAccount {
  TokenRecord token;
  UserAccount account;
};

}  // namespace berth
