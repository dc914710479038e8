// Robots and personal access tokens.
#include <fmt/format.h>

#include <utility>

#include "auth/accounts.h"
#include "auth/secret_token.h"

namespace berth {
namespace {

constexpr std::size_t kMostRights = 100;

std::vector<std::string> texts_of(const std::vector<AccountRight>& rights) {
  std::vector<std::string> texts;
  for (const AccountRight& right : rights) texts.push_back(right.text());
  return texts;
}

std::unexpected<Error> too_many_rights() {
  return refuse(ErrorCode::request_invalid, fmt::format("can: at most {} rights", kMostRights));
}

}  // namespace

Task<Result<CreatedRobot>> Accounts::create_robot(NewRobot robot, std::string by) {
  if (Result<void> fine = check_note(robot.note); !fine) co_return std::unexpected(std::move(fine.error()));
  if (Result<void> fine = check_expiry(robot.expires); !fine) co_return std::unexpected(std::move(fine.error()));
  if (robot.rights.empty()) {
    co_return refuse(ErrorCode::request_invalid,
                     "can: a robot that may do nothing is of no use (like pull:team/app/**)");
  }
  if (robot.rights.size() > kMostRights) co_return too_many_rights();
  CreatedRobot created{.robot = {.name = robot.name,
                                 .note = std::move(robot.note),
                                 .secret = digest_of_secret({}),
                                 .rights = texts_of(robot.rights),
                                 .created = clock_.now(),
                                 .created_by = by,
                                 .expires = robot.expires,
                                 .last_used = std::nullopt},
                       .secret = make_secret_token(SecretKind::robot, entropy_)};
  created.robot.secret = digest_of_secret(created.secret);
  if (!co_await store_.create_robot(created.robot)) {
    co_return refuse(ErrorCode::conflict, fmt::format("there is a robot {} already", robot.name.text()),
                     {robot.name.text()});
  }
  co_await policy_.reload();
  note_change("robot created", robot.name.text(), by);
  co_return created;
}

Task<Result<CreatedRobot>> Accounts::rotate_robot(AccountName name, NewExpiry expires, std::string by) {
  if (Result<void> fine = check_expiry(expires.value_or(std::nullopt)); !fine)
    co_return std::unexpected(std::move(fine.error()));
  std::optional<RobotRecord> robot = co_await store_.find_robot(name);
  const std::string secret = make_secret_token(SecretKind::robot, entropy_);
  if (robot) {
    robot->secret = digest_of_secret(secret);
    if (expires) robot->expires = *expires;
  }
  if (!robot || !co_await store_.rotate_robot(name, robot->secret, robot->expires)) {
    co_return refuse(ErrorCode::not_found, fmt::format("there is no robot {}", name.text()), {name.text()});
  }
  note_change("robot rotated", name.text(), by);
  co_return CreatedRobot{.robot = *std::move(robot), .secret = secret};
}

Task<Result<void>> Accounts::revoke_robot(AccountName name, std::string by) {
  if (!co_await store_.remove_robot(name)) {
    co_return refuse(ErrorCode::not_found, fmt::format("there is no robot {}", name.text()), {name.text()});
  }
  co_await policy_.reload();
  note_change("robot revoked", name.text(), by);
  co_return Result<void>();
}

Task<Result<CreatedToken>> Accounts::create_token(NewToken token, std::string by) {
  if (Result<void> fine = check_note(token.note); !fine) co_return std::unexpected(std::move(fine.error()));
  if (Result<void> fine = check_expiry(token.expires); !fine) co_return std::unexpected(std::move(fine.error()));
  if (token.rights.size() > kMostRights) co_return too_many_rights();
  CreatedToken created{.token = {.id = make_short_id(entropy_),
                                 .user = token.user,
                                 .note = std::move(token.note),
                                 .secret = digest_of_secret({}),
                                 .rights = texts_of(token.rights),
                                 .created = clock_.now(),
                                 .expires = token.expires,
                                 .last_used = std::nullopt},
                       .secret = make_secret_token(SecretKind::access_token, entropy_)};
  created.token.secret = digest_of_secret(created.secret);
  switch (co_await store_.create_token(created.token)) {
    case CreateTokenOutcome::unknown_user:
      co_return refuse(
          ErrorCode::not_found,
          fmt::format("there is no user {} in the store, and only those have access tokens", token.user.text()),
          {token.user.text()});
    case CreateTokenOutcome::taken:
      // 71 random bits the same twice.
      co_return refuse(ErrorCode::conflict, "the token's random name is taken, try again");
    case CreateTokenOutcome::created:
      break;
  }
  note_change("access token created", token.user.text() + "/" + created.token.id, by);
  co_return created;
}

Task<Result<void>> Accounts::revoke_token(AccountName user, std::string id, std::string by) {
  if (!co_await store_.remove_token(user, id)) {
    co_return refuse(ErrorCode::not_found, fmt::format("{} has no access token of this id", user.text()), {id});
  }
  note_change("access token revoked", user.text() + "/" + id, by);
  co_return Result<void>();
}

}  // namespace berth
