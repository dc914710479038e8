#include "auth/accounts.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>
#include <utility>

namespace berth {
namespace {

constexpr std::size_t kLongestNote = 500;

std::unexpected<Error> unknown(std::string_view what, const AccountName& name) {
  return refuse(ErrorCode::not_found, fmt::format("there is no {} {}", what, name.text()), {name.text()});
}

}  // namespace

Accounts::Accounts(AccountStore& store, PolicyLoader& policy, BlockingPool& passwords, const Clock& clock,
                   Entropy& entropy, Log& log, AccountsOptions options)
    : store_(store),
      policy_(policy),
      passwords_(passwords),
      clock_(clock),
      entropy_(entropy),
      log_(log),
      options_(options) {}

void Accounts::note_change(std::string_view what, std::string_view about, std::string_view by) {
  log_.info(what, {{"account", about}, {"by", by}});
}

Result<void> Accounts::check_note(const std::string& note) const {
  const bool is_one_line = std::ranges::none_of(note, [](char c) { return static_cast<unsigned char>(c) < ' '; });
  if (note.size() <= kLongestNote && is_one_line) return {};
  return refuse(ErrorCode::request_invalid, fmt::format("note: one line of at most {} bytes", kLongestNote));
}

Result<void> Accounts::check_expiry(const std::optional<WallTime>& expires) const {
  if (!expires || *expires > clock_.now()) return {};
  return refuse(ErrorCode::request_invalid, "expires: is over already");
}

Task<Result<std::string>> Accounts::hash_of(NewSecret secret) {
  if (std::holds_alternative<std::monostate>(secret)) co_return std::string();
  if (auto* hash = std::get_if<PasswordHash>(&secret)) {
    if (const auto method = parse_secret_hash(hash->text); !method) {
      co_return refuse(ErrorCode::request_invalid, "password_hash: " + method.error());
    }
    co_return std::move(hash->text);
  }
  const std::string& password = std::get<Password>(secret).text;
  if (password.size() < options_.shortest_password || password.size() > kLongestPassword) {
    co_return refuse(ErrorCode::request_invalid,
                     fmt::format("password: has {} bytes; {} to {} are taken", password.size(),
                                 options_.shortest_password, kLongestPassword));
  }
  // A terminal or a file gives none by itself, and Basic credentials cannot carry them.
  if (std::ranges::any_of(password, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; })) {
    co_return refuse(ErrorCode::request_invalid, "password: has a control character");
  }
  co_return co_await run_blocking(passwords_,
                                  [&] { return hash_password_blocking(password, options_.cost, entropy_); });
}

Task<Result<UserRecord>> Accounts::add_user(AccountName name, NewSecret secret, std::string by) {
  // Before 60 ms are spent on a password for nothing; the store has the last word all the same.
  if (co_await store_.find_user(name)) {
    co_return refuse(ErrorCode::conflict, fmt::format("there is a user {} already", name.text()), {name.text()});
  }
  Result<std::string> hash = co_await hash_of(std::move(secret));
  if (!hash) co_return std::unexpected(std::move(hash.error()));
  UserRecord user{.name = name, .secret_hash = *std::move(hash), .created = clock_.now(), .last_login = std::nullopt};
  if (!co_await store_.create_user(user)) {
    co_return refuse(ErrorCode::conflict, fmt::format("there is a user {} already", name.text()), {name.text()});
  }
  note_change("user added", name.text(), by);
  co_return user;
}

Task<Result<void>> Accounts::set_password(AccountName name, NewSecret secret, std::string by) {
  if (!co_await store_.find_user(name)) co_return unknown("user", name);
  Result<std::string> hash = co_await hash_of(std::move(secret));
  if (!hash) co_return std::unexpected(std::move(hash.error()));
  if (!co_await store_.set_user_secret(name, *std::move(hash))) co_return unknown("user", name);
  note_change("password changed", name.text(), by);
  co_return Result<void>();
}

Task<Result<void>> Accounts::set_user_state(AccountName name, UserState state, std::string by) {
  if (!co_await store_.set_user_state(name, state)) co_return unknown("user", name);
  note_change(state == UserState::disabled ? "user disabled" : "user enabled", name.text(), by);
  co_return Result<void>();
}

Task<Result<void>> Accounts::remove_user(AccountName name, std::string by) {
  if (!co_await store_.remove_user(name)) co_return unknown("user", name);
  note_change("user removed", name.text(), by);
  co_return Result<void>();
}

Task<Result<GroupRecord>> Accounts::add_group(AccountName name, std::string note, std::string by) {
  if (Result<void> fine = check_note(note); !fine) co_return std::unexpected(std::move(fine.error()));
  GroupRecord group{.name = name, .note = std::move(note), .created = clock_.now()};
  if (!co_await store_.create_group(group)) {
    co_return refuse(ErrorCode::conflict, fmt::format("there is a group {} already", name.text()), {name.text()});
  }
  note_change("group added", name.text(), by);
  co_return group;
}

Task<Result<void>> Accounts::remove_group(AccountName name, std::string by) {
  if (!co_await store_.remove_group(name)) co_return unknown("group", name);
  note_change("group removed", name.text(), by);
  co_return Result<void>();
}

Task<Result<void>> Accounts::add_member(AccountName group, AccountName user, std::string by) {
  switch (co_await store_.add_member(group, user)) {
    case AddMemberOutcome::unknown_group:
      co_return unknown("group", group);
    case AddMemberOutcome::unknown_user:
      co_return unknown("user", user);
    case AddMemberOutcome::was_member:
      break;
    case AddMemberOutcome::added:
      note_change("member added", group.text() + "/" + user.text(), by);
      break;
  }
  co_return Result<void>();
}

Task<Result<void>> Accounts::remove_member(AccountName group, AccountName user, std::string by) {
  if (!co_await store_.remove_member(group, user)) {
    co_return refuse(ErrorCode::not_found, fmt::format("{} is not in the group {}", user.text(), group.text()),
                     {user.text()});
  }
  note_change("member removed", group.text() + "/" + user.text(), by);
  co_return Result<void>();
}

}  // namespace berth
