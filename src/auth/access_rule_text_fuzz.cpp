// A rule that is taken writes itself so that it is taken again, as the same.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "auth/access_rule_text.h"
#include "auth/account_right.h"
#include "auth/secret_hash.h"
#include "auth/secret_token.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (const auto rule = berth::parse_access_rule(text)) {
    const auto again = berth::parse_access_rule(rule->text());
    if (!again || again->text() != rule->text()) std::abort();
  }
  if (const auto right = berth::AccountRight::parse(text)) {
    const auto again = berth::AccountRight::parse(right->text());
    if (!again || again->text() != right->text()) std::abort();
  }
  (void)berth::parse_secret_hash(text);
  (void)berth::secret_token_kind(text);
  return 0;
}
