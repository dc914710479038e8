// What the families of the account store share inside a transaction.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "metadata/account_records.h"
#include "metadata/sqlite/connection.h"

namespace berth::sqlite {

std::optional<UserAccount> find_user_account(Connection& connection, const AccountName& name);

/// Rights as lines of one text, and back.
std::string text_from_rights(const std::vector<std::string>& rights);
std::vector<std::string> rights_from_text(std::string_view text);

}  // namespace berth::sqlite
