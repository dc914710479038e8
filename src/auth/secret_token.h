// Secret tokens: the secrets of robots and personal access tokens, made by us. They look like
//
//   berth_robot_7hq3...      43 letters and digits of 256 random bits, then 6 of a checksum
//   berth_pat_Zk29...
//
// so that secret scanners can find them in what people publish by mistake (regular expression:
// `berth_(robot|pat)_[0-9A-Za-z]{49}`) and can tell by the checksum that it is no chance hit.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/entropy.h"
#include "content/digest.h"

namespace berth {

enum class SecretKind { robot, access_token };

std::string make_secret_token(SecretKind kind, Entropy& entropy);

/// Nothing unless `text` is one from its prefix to its checksum. So a password that happens to look like one, or a
/// secret with a letter too few, costs no look into the store.
std::optional<SecretKind> secret_token_kind(std::string_view text);

/// What is stored of a secret, and found by. A plain hash: 256 random bits need no salt, and a check no time.
Digest digest_of_secret(std::string_view secret);

/// A short random name for a token or a rule: 12 letters and digits.
std::string make_short_id(Entropy& entropy);

}  // namespace berth
