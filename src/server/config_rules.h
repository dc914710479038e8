// What one declaration cannot say: rules between keys.
#pragma once

#include "base/config_value.h"
#include "base/setting.h"
#include "base/setting_loader.h"
#include "server/config.h"

namespace berth {

/// `version: 0.1` must be there.
void check_version(const ConfigValue& tree, SettingReport& report);

/// Exactly one storage driver, at most one scheme of authentication (or several of those that go together); a word in
/// their place becomes a map. Unknown drivers and schemes are errors here, not warnings.
void settle_choices(const SettingNode& root, ConfigValue& tree, SettingReport& report);

/// After loading: which driver, pairs of keys that need each other, addresses.
void check_together(const ConfigValue& tree, ServerConfig& config, SettingReport& report);

}  // namespace berth
