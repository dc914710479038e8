// AccountListener: hears of each change of an account that somebody may have remembered.
#pragma once

#include "metadata/account_name.h"

namespace berth {

/// Called after the commit and before whoever asked for the change hears of it: so nobody who was told that a password
/// is changed can still be let in with the old one. A change whose outcome is not known, because the commit threw, is
/// told as if it had happened.
///
/// Threading: any loop. Must be quick and not throw.
class AccountListener {
 public:
  virtual ~AccountListener() = default;

  /// Secret, state, groups or tokens of a user; or there is a user now, or none any more.
  virtual void user_changed(const AccountName& name) = 0;
  virtual void robot_changed(const AccountName& name) = 0;
  /// Of many at once: a group is gone.
  virtual void all_users_changed() = 0;
  virtual void rules_changed() = 0;
};

}  // namespace berth
